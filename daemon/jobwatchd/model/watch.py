"""A watch: a job that somebody asked to follow, and what is remembered of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from jobwatchd.model.job import JobReference, Observation, State

NO_LABELS: Mapping[str, str] = MappingProxyType({})
NO_TASKS: Mapping[str, State] = MappingProxyType({})


class Origin(StrEnum):
    """Who asked for a watch: the configuration file, or the HTTP API."""

    FILE = "file"
    API = "api"


@dataclass(frozen=True, slots=True)
class Policy:
    """How one watch departs from its source's defaults; None means no departure. Shared between watches.

    `deadline_s` counts from the job's own creation where the API tells it, else from the watch's.
    With `silent_start` nothing is told about the state in which the job is found first.
    """

    deadline_s: float | None = None
    min_interval_s: float | None = None
    max_interval_s: float | None = None
    silent_start: bool = False


DEFAULT_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class WatchSpec:
    """What somebody asks for: follow this job, under these labels, with this policy."""

    ref: JobReference
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)
    policy: Policy = DEFAULT_POLICY
    origin: Origin = Origin.API


class Misfit(ValueError):
    """A watch that is asked for does not fit its source; `key` is what of it, the text is the sentence."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


@dataclass(frozen=True, slots=True)
class Watch:
    """A followed job and what is needed to decide about the next observation; everything else stays in the store.

    `source` and `job` are those of its `JobReference`. `sequence` counts the events told so far. `version` grows with
    every write, for compare-and-set. `state_since` is the remote time at which the state was entered, where known, else
    when it was first seen. `tasks` maps the id of each task seen to its state. `unmapped` are the raw words told
    as unmapped so far. `overdue_at` is when the deadline passes, None once told or without one. `ended_at` is when the
    end was seen: a terminal state, or `lost`. `group` is the list in which the source last showed the job.
    """

    id: int
    source: str
    job: str
    created_at: datetime
    state_since: datetime
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)
    policy: Policy = DEFAULT_POLICY
    origin: Origin = Origin.API
    state: State | None = None
    native_state: str | None = None
    sequence: int = 0
    version: int = 0
    tasks: Mapping[str, State] = field(default_factory=lambda: NO_TASKS)
    unmapped: tuple[str, ...] = ()
    overdue_at: datetime | None = None
    ended_at: datetime | None = None
    lost: bool = False
    group: str | None = None

    @property
    def ref(self) -> JobReference:
        """The job's reference; made when asked for, for it would be a tenth of what a watch takes in memory."""
        return JobReference(self.source, self.job)

    @classmethod
    def create(cls, watch_id: int, spec: WatchSpec, now: datetime) -> "Watch":
        """Return a new watch of a job that was never polled."""
        deadline_s = spec.policy.deadline_s
        return cls(
            id=watch_id,
            source=spec.ref.source,
            job=spec.ref.job,
            created_at=now,
            state_since=now,
            labels=spec.labels,
            policy=spec.policy,
            origin=spec.origin,
            overdue_at=None if deadline_s is None else now + timedelta(seconds=deadline_s),
        )

    def amended(self, spec: WatchSpec) -> "Watch":
        """Return the next version of the watch with labels, policy and origin of `spec`.

        A deadline that changed counts from the watch's creation, and is told (again) when it passes; one that did not
        change stays as it is, told or not.
        """
        overdue_at = self.overdue_at
        deadline_s = spec.policy.deadline_s
        if deadline_s != self.policy.deadline_s:
            overdue_at = None if deadline_s is None else self.created_at + timedelta(seconds=deadline_s)
        # Every field in its order: `dataclasses.replace` takes four times as long, and a reload may amend very many.
        return Watch(
            self.id,
            self.source,
            self.job,
            self.created_at,
            self.state_since,
            spec.labels,
            spec.policy,
            spec.origin,
            self.state,
            self.native_state,
            self.sequence,
            self.version + 1,
            self.tasks,
            self.unmapped,
            overdue_at,
            self.ended_at,
            self.lost,
            self.group,
        )


@dataclass(frozen=True, slots=True)
class WatchRecord:
    """A watch as the store shows it to people: with the last observation that was written."""

    watch: Watch
    observation: Observation | None
