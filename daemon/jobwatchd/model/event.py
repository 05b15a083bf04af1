"""Events: what is told to sinks, and which of them a sink wants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from uuid import UUID, uuid5

from jobwatchd.model.facts import NO_FACTS, JobFacts
from jobwatchd.model.job import JobReference, State, Task
from jobwatchd.model.watch import NO_LABELS, Watch

# Fixed for ever: event ids are computed from it, and receivers drop duplicates by id.
NAMESPACE = UUID("bb850aa5-06eb-4719-9736-96e624e5ddb6")


class EventType(StrEnum):
    """What happened; the CloudEvents `type` is `dev.jobwatchd.<value>.v1`."""

    JOB_QUEUED = "job.queued"
    JOB_RUNNING = "job.running"
    JOB_STOPPING = "job.stopping"
    JOB_RETRYING = "job.retrying"
    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    JOB_REOPENED = "job.reopened"
    JOB_LOST = "job.lost"
    JOB_OVERDUE = "job.overdue"
    JOB_UNMAPPED = "job.unmapped"
    TASK_QUEUED = "task.queued"
    TASK_RUNNING = "task.running"
    TASK_STOPPING = "task.stopping"
    TASK_RETRYING = "task.retrying"
    TASK_SUCCEEDED = "task.succeeded"
    TASK_FAILED = "task.failed"
    TASK_CANCELLED = "task.cancelled"
    SOURCE_UNREACHABLE = "source.unreachable"
    SOURCE_RECOVERED = "source.recovered"


JOB_ENTERED = {state: EventType(f"job.{state}") for state in State}
TASK_ENTERED = {state: EventType(f"task.{state}") for state in State}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a job, one of its tasks, or a source.

    `sequence` numbers the events of one watch (or of one source) from 1. For events of a source, `ref`, `watch_id` and
    `state` are None. `occurred_at` is the remote system's own time of it, where known; `inferred` marks a state that
    was not seen but must have been passed. `facts` are those of the job. `detail` is one sentence for a person: the
    job's error text, the raw word of an unmapped status, why a source is unreachable.
    """

    id: str
    type: EventType
    source: str
    sequence: int
    observed_at: datetime
    ref: JobReference | None = None
    watch_id: int | None = None
    state: State | None = None
    previous_state: State | None = None
    native_state: str | None = None
    inferred: bool = False
    occurred_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)
    facts: JobFacts = NO_FACTS
    task: Task | None = None
    detail: str | None = None

    def __hash__(self) -> int:
        """Return what goes by the id alone: labels have no hash of their own."""
        return hash(self.id)

    @property
    def subject(self) -> str:
        """The key of the job, or the name of the source, that the event is about; events are ordered within it."""
        return self.source if self.ref is None else self.ref.key

    @property
    def detection_delay_s(self) -> float | None:
        """Seconds from the remote event to our seeing it; None where the remote time is unknown, never negative."""
        if self.occurred_at is None:
            return None
        return max(0.0, (self.observed_at - self.occurred_at).total_seconds())

    @property
    def duration_s(self) -> float | None:
        """Seconds that the job ran, by its own remote times; None while it runs or where they are unknown."""
        facts = self.facts
        if facts.started_at is None or facts.finished_at is None:
            return None
        return max(0.0, (facts.finished_at - facts.started_at).total_seconds())


def watch_event_id(watch: Watch, sequence: int) -> str:
    """Return the id of a watch's event, the same on every retry and after every restart.

    The watch's creation time is part of the name so that a watch which was removed and added again, or one in another
    database, never shares an id with this one.
    """
    return str(uuid5(NAMESPACE, f"watch/{watch.ref.key}/{watch.id}/{watch.created_at.isoformat()}/{sequence}"))


def source_event_id(name: str, created_at: datetime, sequence: int) -> str:
    """Return the id of an event about a source as a whole."""
    return str(uuid5(NAMESPACE, f"source/{name}/{created_at.isoformat()}/{sequence}"))


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event and its place in the order in which the store took them; `position` grows, gaps are possible."""

    position: int
    event: Event


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Patterns of event types (`job.*`), names of sources, and labels that must all be there; empty lets all pass."""

    types: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)

    def matches(self, event: Event) -> bool:
        """Whether the sink wants `event`; an event without a wanted label is not wanted."""
        if self.types and not any(fnmatchcase(event.type, pattern) for pattern in self.types):
            return False
        if self.sources and event.source not in self.sources:
            return False
        return all(event.labels.get(name) == value for name, value in self.labels.items())
