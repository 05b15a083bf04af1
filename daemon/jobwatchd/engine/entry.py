"""A watch in its lane: the watch itself and what is known of it only while the process lives."""

from dataclasses import dataclass

from jobwatchd.model.watch import Watch


@dataclass(slots=True)
class Entry:
    """Mutable, owned by one lane, polled by one worker at a time.

    `digest` is that of the last answer read, 0 for none. `due_s` is when the next poll is wanted (monotonic).
    `failures` counts polls in a row that brought no observation, `missing` those that found no such job, the first of
    them at `missing_since_s`. `gone` says that the lane has dropped it; whoever holds it still lets go.
    """

    watch: Watch
    due_s: float = 0.0
    digest: int = 0
    failures: int = 0
    missing: int = 0
    missing_since_s: float = 0.0
    gone: bool = False
