"""A job's life as data: which native status it has how long after its creation; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Self

from jobwatchd.simulator.words import NativeStatus, Words

PROGRESS_STEP = 10
"""Progress moves in steps, in per cent, so that an answer stays the same for a while as a real one does."""
PROGRESS_HELD = 90


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
    found = None
    for phase in life.phases:
        if phase.after_s > elapsed_s:
            break
        found = phase
    return found


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
