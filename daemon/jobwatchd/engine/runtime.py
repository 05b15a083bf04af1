"""What nearly every part of the engine needs, as one value."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.heartbeats import Heartbeats
from jobwatchd.engine.observer import Observer
from jobwatchd.ports import Clock


@dataclass(frozen=True, slots=True)
class Runtime:
    """Time, luck, and those who are told how the engine fares; `jitter` yields numbers from 0 to 1."""

    clock: Clock
    jitter: Callable[[], float]
    logger: FilteringBoundLogger
    observer: Observer
    heartbeats: Heartbeats

    def bound(self, **names: str) -> "Runtime":
        """Return the same with a logger that has these names in every line."""
        return replace(self, logger=self.logger.bind(**names))
