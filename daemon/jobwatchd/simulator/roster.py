"""All the jobs of one simulated API, and how they are added, with a scripted life or a random one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Annotated, ClassVar, NamedTuple

from pydantic import ConfigDict, Field

from jobwatchd.ports import Clock
from jobwatchd.simulator.fate import Odds, followed_by_one_task, random_life, random_tasks
from jobwatchd.simulator.job import Life, NativeStatus, SimulatedJob, SimulatedTask, Words

Segment = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Script = tuple[tuple[float, NativeStatus | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """A task with a scripted life; seconds count from the creation of its job."""

    id: str
    name: str
    phases: Script


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """Jobs to add; what is left out is made up.

    `phases` are pairs of seconds after the creation and native status, None for a job that the API no longer knows;
    without them the life is random and takes about `scale_s` seconds. Without `tasks` a scripted Explorer job has one
    task that lives as it does. The job was created `age_s` seconds ago; a negative age makes it appear later.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    phases: Script | None = None
    tasks: tuple[TaskSpec, ...] | None = None
    job_id: Segment | None = None
    workflow_id: Segment | None = None
    space_id: Segment | None = None
    age_s: float = 0.0
    scale_s: Annotated[float, Field(gt=0)] = 10.0
    count: Annotated[int, Field(ge=1, le=100_000)] = 1


class JobNames(NamedTuple):
    """What a job is called: the fields of `SimulatedJob` that do not change."""

    key: str
    id: str
    name: str
    workflow_id: str
    workflow_name: str


Naming = Callable[[JobSpec, int], JobNames]
"""Names the n-th job of an API; raises ValueError where the specification cannot be that API's."""


@dataclass(frozen=True, slots=True)
class ApiTraits:
    """What tells the jobs of one API from those of another: their states, their names, and whether they have tasks."""

    words: Words
    naming: Naming
    has_tasks: bool


class Roster:
    """All jobs of an API by key, and by workflow in the order of their creation.

    The same seed and the same calls give the same jobs and lives.
    """

    def __init__(self, clock: Clock, traits: ApiTraits, *, odds: Odds, seed: int) -> None:
        self._jobs: dict[str, SimulatedJob] = {}
        self._by_creation: dict[str | None, Sequence[SimulatedJob]] = {}
        self._clock = clock
        self._traits = traits
        self._odds = odds
        self._random = Random(seed)  # noqa: S311 - repeatable chance is the point
        self._added = 0

    def __iter__(self) -> Iterator[SimulatedJob]:
        return iter(self._jobs.values())

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: SimulatedJob) -> None:
        """Add a job, or replace the one of the same key."""
        self._jobs[job.key] = job
        self._by_creation.clear()

    def find(self, key: str, now: datetime) -> SimulatedJob | None:
        """Return the job of this key; None where the API does not know it now."""
        job = self._jobs.get(key)
        return job if job is not None and job.is_known(now) else None

    def oldest_first(self, workflow_id: str | None) -> Sequence[SimulatedJob]:
        """Return the jobs of one workflow, None for those of all, in the order of their creation."""
        known = self._by_creation.get(workflow_id)
        if known is not None:
            return known
        chosen = [job for job in self if workflow_id is None or job.workflow_id == workflow_id]
        chosen.sort(key=lambda job: (job.created_at, len(job.key), job.key))
        if chosen:
            # Kept until a job is added: a list poll of a large fleet must not sort it again.
            self._by_creation[workflow_id] = chosen
        return chosen

    def add(self, spec: JobSpec) -> list[str]:
        """Add `spec.count` jobs and return their keys; raises ValueError for a specification that makes no sense."""
        if spec.count > 1 and spec.job_id is not None:
            raise ValueError(f"job_id names one job, {spec.job_id!r} cannot be the name of {spec.count}")
        return [self._add_one(spec) for _ in range(spec.count)]

    def _add_one(self, spec: JobSpec) -> str:
        names = self._traits.naming(spec, self._added)
        if names.key in self._jobs:
            raise ValueError(f"there is a job {names.key!r} already")
        if spec.phases is None:
            life = random_life(self._random, self._traits.words, spec.scale_s, self._odds)
        else:
            life = Life.of(spec.phases)
        created_at = self._clock.now() - timedelta(seconds=spec.age_s)
        self.put(SimulatedJob(*names, created_at, life, self._tasks(spec, life)))
        self._added += 1
        return names.key

    def _tasks(self, spec: JobSpec, life: Life) -> tuple[SimulatedTask, ...]:
        if not self._traits.has_tasks:
            if spec.tasks:
                raise ValueError("jobs of this API have no tasks")
            return ()
        if spec.tasks is not None:
            return tuple(SimulatedTask(task.id, task.name, Life.of(task.phases)) for task in spec.tasks)
        if spec.phases is not None:
            return (followed_by_one_task(self._random, life),)
        return random_tasks(self._random, life, self._traits.words)
