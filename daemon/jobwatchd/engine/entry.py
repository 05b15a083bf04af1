"""A watch in its lane: the watch itself and what is known of it only while the process lives."""

from dataclasses import dataclass
from math import inf

from jobwatchd.model.watch import Watch


@dataclass(slots=True)
class Trouble:
    """What goes wrong with one watch: polls in a row that brought no observation, and that found no such job.

    `missing_since_s` is when the first of the latter was made (monotonic).
    """

    failures: int = 0
    missing: int = 0
    missing_since_s: float = 0.0


@dataclass(slots=True)
class Entry:
    """Mutable, owned by one lane, polled by one worker at a time; small, for there may be a million.

    `due_s` is when the next poll is wanted (monotonic). `digest` is that of the last answer read, 0 for none. `trouble`
    is None while polls bring observations.
    """

    watch: Watch
    due_s: float = 0.0
    digest: int = 0
    trouble: Trouble | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the lane has dropped it; whoever holds it still lets go."""
        return self.due_s == -inf

    def drop(self) -> None:
        """Let nobody poll it any more."""
        self.due_s = -inf
