"""The JSON that goes out; times are UTC, durations are seconds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from jobwatchd.model.delivery import DeadLetter
from jobwatchd.model.event import EventType, StoredEvent
from jobwatchd.model.facts import facts_json
from jobwatchd.model.job import Observation, State, Task
from jobwatchd.model.watch import Origin, Watch, WatchRecord


class TaskBody(BaseModel):
    """One step inside a job."""

    id: str
    name: str | None
    state: State | None
    native_state: str
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, task: Task) -> Self:
        """Return the JSON form of a task."""
        return cls.model_validate(task, from_attributes=True)


class WorkflowBody(BaseModel):
    """What a job is a run of."""

    id: str | None
    name: str | None


class ObservationBody(BaseModel):
    """What was last written of a job as its API shows it."""

    state: State | None
    native_state: str
    name: str | None
    url: str | None = Field(description="A page about the job, http or https, that a person can open.")
    workflow: WorkflowBody
    progress: float | None = Field(description="Per cent, 0 to 100.")
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    tasks: list[TaskBody]

    @classmethod
    def of(cls, observation: Observation) -> Self:
        """Return the JSON form of an observation."""
        return cls(
            state=observation.state,
            native_state=observation.native_state,
            error=observation.error,
            tasks=[TaskBody.of(task) for task in observation.tasks],
            **facts_json(observation.facts),
        )


class WatchBody(BaseModel):
    """A followed job."""

    id: int
    key: str = Field(examples=["graph/1964"])
    source: str
    job: list[str] = Field(description="What names the job at its source, in the source's order.")
    labels: dict[str, str]
    origin: Origin = Field(description="Who asked for it: the configuration file, or this API.")
    state: State | None = Field(description="null: not seen yet.")
    native_state: str | None = Field(description="The API's own word for the state.")
    state_since: datetime
    sequence: int = Field(description="How many events were told so far.")
    created_at: datetime
    ended_at: datetime | None = Field(description="When its end was seen; polling is over then.")
    lost: bool = Field(description="Whether it ended by ceasing to exist.")
    overdue_at: datetime | None
    deadline_s: float | None
    min_interval_s: float | None
    max_interval_s: float | None
    initial: Literal["tell", "silent"]

    @classmethod
    def of(cls, watch: Watch) -> Self:
        """Return the JSON form of a watch."""
        return cls(**_watch_fields(watch))


class WatchRecordBody(WatchBody):
    """A followed job, and what was last seen of it."""

    observation: ObservationBody | None

    @classmethod
    def of_record(cls, record: WatchRecord) -> Self:
        """Return the JSON form of a watch as the store has it."""
        seen = record.observation
        return cls(**_watch_fields(record.watch), observation=None if seen is None else ObservationBody.of(seen))


class EventBody(BaseModel):
    """Something that happened to a job, one of its tasks, or a source; names are those of a webhook's `data`."""

    position: int = Field(description="Its place in the order of all events; grows, with gaps.")
    id: str = Field(description="Never changes, however often the event is told.")
    type: EventType
    source: str
    key: str | None = Field(description="The job's key; null for events of a source.", examples=["graph/1964"])
    job: list[str] | None = Field(description="What names the job at its source, in the source's order.")
    watch_id: int | None
    sequence: int = Field(description="Numbers the events of one watch, or of one source, from 1.")
    state: State | None
    previous_state: State | None
    native_state: str | None
    inferred: bool = Field(description="Not seen, but must have been passed.")
    occurred_at: datetime | None = Field(description="The remote system's own time of it.")
    observed_at: datetime
    detection_delay_s: float | None
    duration_s: float | None = Field(description="How long the job ran, by its own times.")
    labels: dict[str, str]
    name: str | None
    url: str | None = Field(description="A page about the job, http or https, that a person can open.")
    workflow: WorkflowBody
    progress: float | None
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    task: TaskBody | None
    detail: str | None

    @classmethod
    def of(cls, stored: StoredEvent | DeadLetter) -> Self:
        """Return the JSON form of an event as the store has it, at its place."""
        event = stored.event
        facts = facts_json(event.facts)
        names = cls.model_fields.keys() - {"position", "key", "job", "labels", "task"} - facts.keys()
        return cls(
            position=stored.position,
            key=None if event.ref is None else event.ref.key,
            job=None if event.ref is None else list(event.ref.values),
            labels=dict(event.labels),
            task=None if event.task is None else TaskBody.of(event.task),
            **{name: getattr(event, name) for name in names},
            **facts,
        )


class WatchHistoryBody(WatchRecordBody):
    """A followed job, what was last seen of it, and its events, the newest first."""

    history: list[EventBody]


class AddedBody(BaseModel):
    """What became of one requested watch."""

    created: bool = Field(description="false: the job was watched already, and its watch stays as it was.")
    watch: WatchBody


class BatchBody(BaseModel):
    """What became of each requested watch, in the order of the request."""

    items: list[AddedBody]


class WatchPage(BaseModel):
    """Some watches, in the order of their ids."""

    items: list[WatchRecordBody]
    next: int | None = Field(description="The `after` of the next page; null: there is none.")


class EventPage(BaseModel):
    """Some events, in the order asked for."""

    items: list[EventBody]
    next: int = Field(description="The `after` with which to go on.")


class DeadLetterBody(BaseModel):
    """An event that a sink would not take."""

    sink: str
    attempts: int
    died_at: datetime
    error: str | None
    event: EventBody

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """Return the JSON form of a dead letter."""
        return cls(
            sink=letter.sink,
            attempts=letter.attempts,
            died_at=letter.died_at,
            error=letter.error,
            event=EventBody.of(letter),
        )


class DeadLetterPage(BaseModel):
    """Some dead letters, in the order of their events."""

    items: list[DeadLetterBody]
    next: int | None = Field(description="The `after` of the next page; null: there is none.")


class ReplayedBody(BaseModel):
    """How many dead letters are to be sent again."""

    replayed: int
    next: int | None = Field(description="The `after` with which to go on; null: there are no more.")


class EnabledBody(BaseModel):
    """What became of the wish to go on with a sink."""

    name: str
    enabled: bool = Field(description="false: its receiver had not turned it off, and nothing has changed.")


def _watch_fields(watch: Watch) -> Mapping[str, object]:
    policy = watch.policy
    copied = ("id", "origin", "state", "native_state", "state_since", "sequence", "created_at", "ended_at", "lost")
    return {
        **{name: getattr(watch, name) for name in (*copied, "overdue_at")},
        "key": watch.ref.key,
        "source": watch.ref.source,
        "job": list(watch.ref.values),
        "labels": dict(watch.labels),
        "deadline_s": policy.deadline_s,
        "min_interval_s": policy.min_interval_s,
        "max_interval_s": policy.max_interval_s,
        "initial": "silent" if policy.silent_start else "tell",
    }
