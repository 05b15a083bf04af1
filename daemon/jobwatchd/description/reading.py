"""Where in an answer the job is, and what an API's own words for states mean here."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from jobwatchd.description.expression import Expr
from jobwatchd.model.job import State
from jobwatchd.model.notation import shown
from jobwatchd.values.section import Section


def _read_state(value: object) -> object:
    try:
        return State(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError(f"got {shown(value, [*State])}; expected one of {', '.join(State)}") from None


def _check_map(states: dict[str, State]) -> dict[str, State]:
    if not states:
        raise ValueError("the map is empty; expected the API's words and what they mean: {done: succeeded}")
    return states


StateMap = Annotated[dict[str, Annotated[State, BeforeValidator(_read_state)]], AfterValidator(_check_map)]
"""Word → state. Numbers, true, false and null are written as JSON writes them: `0`, `true`, `null`."""


class TimeFormat(StrEnum):
    """How an API writes a time. Numbers may have a fraction, and may be digits in text."""

    ISO8601 = "iso8601"
    """ISO 8601 with an offset from UTC, or Z."""
    ISO8601_UTC = "iso8601_utc"
    """ISO 8601; without an offset it is UTC."""
    EPOCH_S = "epoch_s"
    EPOCH_MS = "epoch_ms"
    EPOCH_US = "epoch_us"
    EPOCH_NS = "epoch_ns"
    """Seconds, ms, µs, ns since 1970."""
    HTTP = "http"
    """As in HTTP's own headers: `Sun, 06 Nov 1994 08:49:37 GMT`."""


class ProgressScale(StrEnum):
    """What stands for all done: 100, or 1."""

    PERCENT = "percent"
    FRACTION = "fraction"


def _read_expression(value: object) -> object:
    return value if isinstance(value, dict | Section) else {"expression": value}


class Time(Section):
    """An instant; an expression alone stands for this one, written in ISO 8601.

    Null, a missing field and an empty text are always absent; with `zero_is_absent`, so are 0, numbers below it, and
    times before 1970 (the year 1 is how servers without a null write "never").
    """

    expression: Expr
    format: TimeFormat = TimeFormat.ISO8601
    zero_is_absent: bool = True


class Progress(Section):
    """How much is done; an expression alone stands for this one, in per cent."""

    expression: Expr
    scale: ProgressScale = ProgressScale.PERCENT


TimeField = Annotated[Time, BeforeValidator(_read_expression, json_schema_input_type=Expr | Time)]
ProgressField = Annotated[Progress, BeforeValidator(_read_expression, json_schema_input_type=Expr | Progress)]


class TaskReading(Section):
    """The steps inside of a job.

    `items` finds their list in the answer (below `within`), the other expressions look at one of its entries. A task
    that cannot be read is left out. `states` maps their words; without it, the job's map does.
    """

    items: Expr
    id: Expr
    state: Expr
    name: Expr | None = None
    started_at: TimeField | None = None
    finished_at: TimeField | None = None
    states: StateMap | None = None


class Reading(Section):
    """What is read from one job, each a JMESPath expression.

    `within` is the part of the answer that all the others look at, the whole answer without it; where it yields nothing
    the answer cannot be read. `state` has to yield a text, number, true or false (or null, if the map has `null`);
    `id`, where it is there, has to yield the job parameter `job_id` asked for (the last of `parameters`), so that
    another job's answer is never taken for this one's. A time that is not written in its format makes the answer
    unreadable; a name, progress or url that makes no sense is left out.
    """

    within: Expr | None = None
    state: Expr
    id: Expr | None = None
    name: Expr | None = None
    workflow_id: Expr | None = None
    workflow_name: Expr | None = None
    progress: ProgressField | None = None
    queued_at: TimeField | None = None
    started_at: TimeField | None = None
    finished_at: TimeField | None = None
    url: Expr | None = None
    error: Expr | None = None
    tasks: TaskReading | None = Field(default=None)
