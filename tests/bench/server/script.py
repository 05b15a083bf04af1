"""Which jobs there are, and when each of them changes."""

import time
from dataclasses import dataclass, field

QUEUED, RUNNING, SUCCEEDED = 0, 1, 2
FIRST_JOB = 10_000_000
TASK_ID = "f93dea90fc3a11ecac7e6da0662c195b"


@dataclass(frozen=True, slots=True)
class Script:
    """`jobs` jobs, dealt out to `workflows` workflows in turn; instants are those of `time.monotonic`.

    With `rate` 0 every job runs for ever. Else `rate` is in changes of state a second: half of them begin a job, the
    others end one that ran for `run_s`. The first `rate / 2 * run_s` jobs run already at `start_s`, so that the rate
    is whole from the beginning. With `fresh` no two answers are the same, although no job changes: every one must be
    read. `tasks` is whether a job shows its task.
    """

    jobs: int = 0
    workflows: int = 1
    rate: float = 0.0
    run_s: float = 10.0
    fresh: bool = False
    tasks: bool = True
    start_s: float = field(default_factory=time.monotonic)

    @property
    def running_first(self) -> int:
        """How many jobs run already when the script begins."""
        return int(self.rate / 2 * self.run_s)

    def began_s(self, index: int) -> float:
        """Return when the job began, or will begin, to run."""
        if not self.rate:
            return self.start_s
        return self.start_s + (index - self.running_first) / (self.rate / 2)

    def ended_s(self, index: int) -> float:
        """Return when the job succeeded, or will."""
        return self.began_s(index) + self.run_s

    def status(self, index: int, now_s: float) -> int:
        """Return the status of a job in the numbers of NebulaGraph Explorer."""
        if not self.rate:
            return RUNNING
        age_s = now_s - self.began_s(index)
        if age_s < 0:
            return QUEUED
        return RUNNING if age_s < self.run_s else SUCCEEDED


def epoch_s(instant_s: float) -> float:
    """Return the wall-clock time of a monotonic instant, in seconds since 1970; exact to the process's start."""
    return instant_s + _OFFSET_S


_OFFSET_S = time.time() - time.monotonic()
