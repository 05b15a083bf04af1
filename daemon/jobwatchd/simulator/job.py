"""Simulated jobs: the words for their states, their lives as data, and what an API knows of them; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple, Self

from jobwatchd.model.job import State

NativeStatus = int | str
GONE = "gone"
UNMAPPED = "unmapped"
PROGRESS_STEP = 10
"""Progress moves in steps, in per cent, so that an answer stays the same for a while as a real one does."""
PROGRESS_HELD = 90


@dataclass(frozen=True, slots=True)
class Words:
    """One API's word for each `State`, by its name; None where it has none.

    `unknown` are words that it might have and does not document.
    """

    queued: NativeStatus
    running: NativeStatus
    succeeded: NativeStatus
    failed: NativeStatus
    cancelled: NativeStatus
    stopping: NativeStatus | None
    retrying: NativeStatus | None
    unknown: tuple[NativeStatus, ...]

    def is_terminal(self, status: NativeStatus | None) -> bool:
        """Whether a job with this status has come to its end."""
        return status is not None and status in {self.succeeded, self.failed, self.cancelled}

    def meaning(self, status: NativeStatus | None) -> str:
        """Return the `State` that a status stands for, `unmapped` for an undocumented one, `gone` for None."""
        if status is None:
            return GONE
        return next((state.value for state in State if getattr(self, state.value) == status), UNMAPPED)


NEBULA_WORDS = Words(
    queued=0, running=1, succeeded=2, failed=3, cancelled=4, stopping=5, retrying=None, unknown=(6, 42, -1)
)
"""Status numbers of NebulaGraph Explorer, for jobs and tasks alike: Workflow API overview."""

TELESTREAM_WORDS = Words(
    queued="created",
    running="in-process",
    succeeded="succeeded",
    failed="failed",
    cancelled="stopped",
    stopping=None,
    retrying="retry",
    unknown=("on-hold", "quarantined"),
)
"""States of Telestream UP: Get particular Workflow Job Details, enum `state`."""


class Phase(NamedTuple):
    """From `after_s` seconds after its creation the job has `status`; None means that the API does not know it."""

    after_s: float
    status: NativeStatus | None


@dataclass(frozen=True, slots=True)
class Life:
    """The phases of one job or task; the first begins at 0 seconds, each other one later than the one before.

    Raises ValueError for phases that break this.
    """

    phases: tuple[Phase, ...]

    def __post_init__(self) -> None:
        if not self.phases or self.phases[0].after_s != 0:
            raise ValueError("a life needs at least one phase, and the first one begins after 0 seconds")
        starts = [phase.after_s for phase in self.phases]
        if any(later <= earlier for earlier, later in pairwise(starts)):
            raise ValueError(f"each phase of a life begins later than the one before, got {starts}")

    @classmethod
    def of(cls, phases: Iterable[tuple[float, NativeStatus | None]]) -> Self:
        """Build a life from pairs of seconds and native status; raises ValueError as the class does."""
        return cls(tuple(Phase(after_s, status) for after_s, status in phases))


class ReportedProgress(NamedTuple):
    """How far a job is, in per cent, and how many seconds after its creation it came this far."""

    percent: int
    since_s: float


def phase_at(life: Life, elapsed_s: float) -> Phase | None:
    """Return the phase that a job is in `elapsed_s` seconds after its creation; None before it."""
    return next((phase for phase in reversed(life.phases) if phase.after_s <= elapsed_s), None)


def history(life: Life, elapsed_s: float) -> tuple[Phase, ...]:
    """Return the phases begun so far, the present one last."""
    return tuple(phase for phase in life.phases if phase.after_s <= elapsed_s)


def first_entered_s(life: Life, status: NativeStatus, elapsed_s: float) -> float | None:
    """Return when the job first had `status`, in seconds after its creation; None if it has not had it yet."""
    return next((phase.after_s for phase in history(life, elapsed_s) if phase.status == status), None)


def progress_at(life: Life, elapsed_s: float, words: Words) -> ReportedProgress:
    """Return the progress: 0 while queued, steps through each run, 100 once succeeded, held at 90 by other ends."""
    past = history(life, elapsed_s)
    if not past:
        return ReportedProgress(0, 0.0)
    present = past[-1]
    if present.status == words.succeeded:
        return ReportedProgress(100, present.after_s)
    if present.status != words.running:
        ran = any(phase.status == words.running for phase in past)
        return ReportedProgress(PROGRESS_HELD if ran else 0, present.after_s)
    if len(past) == len(life.phases):
        return ReportedProgress(0, present.after_s)
    step_s = (life.phases[len(past)].after_s - present.after_s) * PROGRESS_STEP / 100
    steps = int((elapsed_s - present.after_s) / step_s)
    return ReportedProgress(steps * PROGRESS_STEP, present.after_s + steps * step_s)


def interrupted(life: Life, at_s: float, words: Words, stop_s: float) -> Life:
    """Return the life of a job that is cancelled at `at_s`: it is stopping for `stop_s` seconds, then cancelled."""
    past = history(life, at_s)
    # Two phases cannot begin at once, and a job may be cancelled the moment it enters one.
    begins_s = max(at_s, past[-1].after_s + 0.001)
    stopping = () if words.stopping is None else (Phase(begins_s, words.stopping),)
    return Life((*past, *stopping, Phase(begins_s + max(stop_s, 0.001), words.cancelled)))


@dataclass(frozen=True, slots=True)
class SimulatedTask:
    """One component of a running workflow; its life counts from the creation of its job."""

    id: str
    name: str
    life: Life


@dataclass(frozen=True, slots=True)
class SimulatedJob:
    """A job as its API knows it; `key` is what a job reference holds after the source's name."""

    key: str
    id: str
    name: str
    workflow_id: str
    workflow_name: str
    created_at: datetime
    life: Life
    tasks: tuple[SimulatedTask, ...] = ()

    def elapsed_s(self, now: datetime) -> float:
        """Return the job's age in seconds."""
        return (now - self.created_at).total_seconds()

    def phase(self, now: datetime) -> Phase | None:
        """Return the present phase, None before the job's creation."""
        return phase_at(self.life, self.elapsed_s(now))

    def is_known(self, now: datetime) -> bool:
        """Whether the API knows the job now: it was created, and has not disappeared."""
        phase = self.phase(now)
        return phase is not None and phase.status is not None
