"""A simulated job, and the tasks inside it."""

from dataclasses import dataclass
from datetime import datetime

from jobwatchd.simulator.life import Life, Phase, phase_at


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
