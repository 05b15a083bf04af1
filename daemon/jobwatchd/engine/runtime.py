"""What the parts of the engine are built with."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.heartbeats import Heartbeats
from jobwatchd.engine.observer import Observer
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.delivery import DEFAULT_RETRY, Retry
from jobwatchd.model.event import EventFilter
from jobwatchd.ports import Clock, Sink


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


@dataclass(frozen=True, slots=True)
class LostAfter:
    """When a job counts as lost: this many not-founds in a row, the first of them at least `grace_s` ago."""

    not_found: int = 3
    grace_s: float = 60.0


DEFAULT_CADENCE = Cadence()
DEFAULT_LOST_AFTER = LostAfter()


@dataclass(frozen=True, slots=True)
class LanePolicy:
    """How a source is polled: polls in flight, polls a second (None: no limit), how often each watch, and verdicts.

    `hint_bound_s` is for how long a source's hint that nothing moved may stand in for looking at a job. `silence_s` is
    how long the lane may get nothing done before it counts as hanging; longer than any poll may take.
    """

    concurrency: int = 64
    rate: float | None = None
    cadence: Cadence = DEFAULT_CADENCE
    lost_after: LostAfter = DEFAULT_LOST_AFTER
    unreachable_after_s: float = 60.0
    hint_bound_s: float = 30.0
    silence_s: float = 60.0


@dataclass(frozen=True, slots=True)
class SinkBinding:
    """A sink with its policy; `silence_s` is longer than any one attempt may take."""

    sink: Sink
    filter: EventFilter
    retry: Retry = DEFAULT_RETRY
    concurrency: int = 16
    silence_s: float = 60.0
