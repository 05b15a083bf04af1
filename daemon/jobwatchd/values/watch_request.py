"""A job to follow, as it is asked for: in the configuration file, or through the API."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from jobwatchd.model.job import MAX_PARAMETER_LENGTH
from jobwatchd.model.notation import shown
from jobwatchd.model.watch import Policy
from jobwatchd.values.labels import Labels
from jobwatchd.values.section import Section
from jobwatchd.values.units import PositiveDuration, check_bounds, format_duration

# What a database, and whoever reads our JSON, can keep as a number.
MAX_NUMBER = 2**63 - 1
MAX_SOURCE_LENGTH = 512
_PARAMETER = {
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": MAX_PARAMETER_LENGTH},
        {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER},
    ]
}


def _check_text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"got {shown(value)}; expected text: put it in quotes")  # noqa: TRY004 - as below
    return value


def _check_mapping(value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError(f"got {shown(value)}; expected a mapping (key: value)")  # noqa: TRY004 - as below
    return value


def parameter_text(value: object) -> str:
    """Return the value of a job parameter as text; raises ValueError for what is neither text nor a whole number."""
    # YAML reads an id of digits as a number, and so does who writes JSON; bool is one too, to Python.
    if type(value) is int and 0 <= value <= MAX_NUMBER:
        return str(value)
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic gathers ValueErrors
            f"got {shown(value)}; expected text or a whole number from 0 to {MAX_NUMBER}: put it in quotes"
        )
    return value


def _check_initial(value: object) -> object:
    if value not in ("tell", "silent"):
        raise ValueError(f"got {shown(value)}; expected tell or silent")
    return value


class WatchRequest(Section):
    """A job to follow, and how it departs from its source's settings."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"source": "graph", "job": {"job_id": "1964"}, "labels": {"team": "graph"}, "deadline": "6h"}]
        },
    )

    source: Annotated[
        str,
        BeforeValidator(_check_text),
        WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_SOURCE_LENGTH}),
    ] = Field(description="The name of a configured source.")
    job: Annotated[
        dict[str, Annotated[str, BeforeValidator(parameter_text)]],
        BeforeValidator(_check_mapping),
        WithJsonSchema({"type": "object", "minProperties": 1, "additionalProperties": _PARAMETER}),
    ] = Field(description="What names the job there, parameter by parameter.")
    labels: Annotated[Labels, BeforeValidator(_check_mapping)] = Field(
        default_factory=dict, description="Carried by every event of the job."
    )
    deadline: PositiveDuration | None = Field(
        None, description="Tell `job.overdue` when the job has not ended after this time."
    )
    initial: Annotated[
        Literal["tell", "silent"], BeforeValidator(_check_initial, json_schema_input_type=Literal["tell", "silent"])
    ] = Field("tell", description="Whether the state in which the job is found first is told as an event.")
    min_interval: PositiveDuration | None = Field(
        None, description="Poll no more often than this; the source's setting where absent, and never less than that."
    )
    max_interval: PositiveDuration | None = Field(
        None, description="Poll no less often than this; the source's setting where absent, and never more than that."
    )

    @model_validator(mode="after")
    def _check_intervals(self) -> Self:
        check_bounds(self.min_interval, self.max_interval)
        return self

    def policy(self) -> Policy:
        """Return how the watch departs from its source's defaults."""
        return _policy(self.deadline, self.min_interval, self.max_interval, self.initial == "silent")


@lru_cache(maxsize=1_024)
def _policy(deadline_s: float | None, min_s: float | None, max_s: float | None, silent: bool) -> Policy:  # noqa: FBT001
    """Return one policy for all watches that are alike: a file may have a hundred thousand of them."""
    return Policy(deadline_s, min_s, max_s, silent)


def misfits(policy: Policy, least_s: float, most_s: float) -> Iterator[tuple[str, str]]:
    """Yield key and sentence for each interval of a watch that is outside of its source's bounds."""
    for key, interval_s in (("min_interval", policy.min_interval_s), ("max_interval", policy.max_interval_s)):
        if interval_s is not None and not least_s <= interval_s <= most_s:
            least, most = format_duration(least_s), format_duration(most_s)
            yield key, f"got {format_duration(interval_s)}; expected {least} to {most}, the bounds of its source"
