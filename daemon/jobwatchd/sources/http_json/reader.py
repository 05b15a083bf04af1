"""The job in an answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobwatchd.description.expression import Expression, UnusableError
from jobwatchd.description.reading import Progress, ProgressScale, Reading, TaskReading, Time
from jobwatchd.http.answer import clean, excerpt, number_of
from jobwatchd.model.facts import JobFacts, link
from jobwatchd.model.job import Observation, State, Task
from jobwatchd.sources.http_json.values import id_of, read_instant, text_of, word_of

PER_CENT = 100.0


class UnreadableError(Exception):
    """There is no job to be read; the text names the key, its expression, and what is wrong."""


class Reader:
    """Reads a job from the JSON of an answer, or from one entry of a list.

    What a verdict rests on is read strictly: the state, the id, the times. What merely adorns it is left out where it
    makes no sense.
    """

    def __init__(self, reading: Reading, states: Mapping[str, State], *, ignore_case: bool, key: str = "read") -> None:
        self._reading = reading
        self._ignore_case = ignore_case
        self._states = self._folded(states)
        tasks = reading.tasks
        self._task_states = self._states if tasks is None or tasks.states is None else self._folded(tasks.states)
        self._key = key

    def within(self, value: Any) -> Any:
        """Return the part of an answer in which the job is; raises `UnreadableError`."""
        expression = self._reading.within
        if expression is None:
            return value
        found = self._search(expression, "within", value)
        if found is None:
            raise self._wrong("within", expression, "yields nothing; expected the part of the answer with the job")
        return found

    def read(self, value: Any, job_id: str | None, group: str | None) -> Observation:
        """Return the job that `value` (see `within`) shows; raises `UnreadableError`.

        `job_id` is the id that it has to show if the description says where, None for any.
        """
        reading = self._reading
        if reading.id is not None and job_id is not None:
            self._check_id(reading.id, value, job_id)
        word = self._read_state(value)
        return Observation(
            state=self._states.get(self._fold(word)),
            native_state=clean(word),
            facts=self._read_facts(value),
            error=self._text(reading.error, value),
            group=group,
            tasks=() if reading.tasks is None else self._tasks(reading.tasks, value),
        )

    def _read_facts(self, value: Any) -> JobFacts:
        reading = self._reading
        return JobFacts(
            name=self._text(reading.name, value),
            workflow_id=self._text(reading.workflow_id, value),
            workflow_name=self._text(reading.workflow_name, value),
            progress=_progress(reading.progress, value),
            queued_at=self._time(reading.queued_at, "queued_at", value),
            started_at=self._time(reading.started_at, "started_at", value),
            finished_at=self._time(reading.finished_at, "finished_at", value),
            url=None if reading.url is None else link(_search_or_none(reading.url, value)),
        )

    def _read_state(self, value: Any) -> str:
        expression = self._reading.state
        found = self._search(expression, "state", value)
        word = word_of(found)
        if word is None:
            shape = "a list" if isinstance(found, list) else "a mapping"
            raise self._wrong("state", expression, f"yields {shape}; expected a text, number, true or false")
        if found in (None, "") and word not in self._states:
            raise self._wrong("state", expression, "yields nothing; expected a text, number, true or false")
        return word

    def _check_id(self, expression: Expression, value: Any, job_id: str) -> None:
        shown = id_of(self._search(expression, "id", value))
        if shown != job_id:
            told = "nothing" if shown is None else excerpt(shown)
            raise self._wrong("id", expression, f"yields {told}; expected {excerpt(job_id)}, which was asked for")

    def _time(self, time: Time | None, key: str, value: Any) -> datetime | None:
        if time is None:
            return None
        found = self._search(time.expression, key, value)
        try:
            return read_instant(found, time.format, zero_is_absent=time.zero_is_absent)
        except ValueError as exc:
            raise self._wrong(key, time.expression, f"yields {_shown(found)}: {exc}") from None

    def _text(self, expression: Expression | None, value: Any) -> str | None:
        return None if expression is None else text_of(_search_or_none(expression, value))

    def _tasks(self, reading: TaskReading, value: Any) -> tuple[Task, ...]:
        """Return the tasks that can be read, one an id; a broken one must not hide the state of its job."""
        items = _search_or_none(reading.items, value)
        tasks: dict[str, Task] = {}
        for item in items if isinstance(items, list) else ():
            found = id_of(_search_or_none(reading.id, item))
            task_id = None if found is None else clean(found)
            try:
                state = self._search(reading.state, "tasks.state", item)
                word = None if state in (None, "") else word_of(state)
                if task_id is None or word is None:
                    continue
                tasks[task_id] = Task(
                    id=task_id,
                    state=self._task_states.get(self._fold(word)),
                    native_state=clean(word),
                    name=self._text(reading.name, item),
                    started_at=self._time(reading.started_at, "tasks.started_at", item),
                    finished_at=self._time(reading.finished_at, "tasks.finished_at", item),
                )
            except UnreadableError:
                continue
        return tuple(tasks.values())

    def _search(self, expression: Expression, key: str, value: Any) -> Any:
        try:
            return expression.search(value)
        except UnusableError as exc:
            raise self._wrong(key, expression, f"does not fit: {exc}") from None

    def _wrong(self, key: str, expression: Expression, what: str) -> UnreadableError:
        return UnreadableError(f"wrong in {self._key}.{key} ({excerpt(expression.text)}): it {what}")

    def _fold(self, word: str) -> str:
        return word.casefold() if self._ignore_case else word

    def _folded(self, states: Mapping[str, State]) -> Mapping[str, State]:
        return {self._fold(word): state for word, state in states.items()}


def _search_or_none(expression: Expression, value: Any) -> Any:
    try:
        return expression.search(value)
    except UnusableError:
        return None


def _progress(progress: Progress | None, value: Any) -> float | None:
    """Return a percentage; None for what cannot be one."""
    number = None if progress is None else number_of(_search_or_none(progress.expression, value))
    if progress is None or number is None:
        return None
    number *= PER_CENT if progress.scale is ProgressScale.FRACTION else 1
    return number if 0 <= number <= PER_CENT else None


def _shown(value: Any) -> str:
    return {list: "a list", dict: "a mapping", bool: "true or false"}.get(type(value)) or excerpt(str(value)[:200])
