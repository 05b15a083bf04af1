"""Whether a source answers; told once when that changes."""

from datetime import timedelta
from typing import Protocol

from jobwatchd.engine.commits import Commits
from jobwatchd.engine.observer import SourceObserver
from jobwatchd.engine.runtime import Runtime
from jobwatchd.engine.source_limiter import SourceLimiter
from jobwatchd.errors import SourceError
from jobwatchd.model.health import HealthStep, SourceHealth, mark_recovered, mark_unreachable


class Wakeable(Protocol):
    """What can be woken, as a worker pool."""

    def wake(self) -> None:
        """Look again now."""


class SourceHealthTracker:
    """Turns answers and failures into the breaker's state, `source.unreachable`, `source.recovered` and `source_up`.

    The pool is woken when more may be admitted than before, or less, and when `review` is wanted. One step is under way
    at a time: however long the store takes, a source that comes and goes meanwhile leaves no more than one.
    """

    def __init__(
        self,
        runtime: Runtime,
        health: SourceHealth,
        observer: SourceObserver,
        *,
        limiter: SourceLimiter,
        commits: Commits,
        pool: Wakeable,
    ) -> None:
        self.observer = observer
        self.limiter = limiter
        self._health = health
        self._breaker = limiter.breaker
        self._pool = pool
        self._commits = commits
        self._clock = runtime.clock
        self._logger = runtime.logger
        self._show(is_up=not limiter.breaker.is_open)
        self._why = ""
        self._warned = limiter.breaker.is_open
        self._is_writing = False

    def failed(self, error: SourceError) -> None:
        """Note that a poll brought no answer."""
        self._why = str(error)
        self.limiter.failed(self._clock.monotonic(), error.retry_after_s)
        self._pool.wake()
        if self._breaker.is_open and not self._warned:
            self._warned = True
            self._show(is_up=False)
            self._logger.warning("source.failing", reason=error.reason, error=self._why)

    def review(self, now_s: float, unreachable_after_s: float) -> float | None:
        """Tell that the source is unreachable once it has failed for so long; returns when to ask again, if at all."""
        since_s = self._breaker.failing_since_s
        if since_s is None:
            self._tell(mark_recovered(self._health, self._clock.now()))
        if since_s is None or self._health.unreachable_since is not None:
            return None
        if now_s < since_s + unreachable_after_s:
            return since_s + unreachable_after_s
        now = self._clock.now()
        since = now - timedelta(seconds=now_s - since_s)
        self._show(is_up=False)
        self._tell(mark_unreachable(self._health, since, now, self._why))
        return None

    def answered(self) -> None:
        """Note an answer; it says something new after failures only."""
        if self._breaker.failing_since_s is None:
            return
        self._breaker.answered()
        self._pool.wake()
        self._show(is_up=True)
        if self._warned:
            self._warned = False
            self._logger.info("source.answers")
        self._tell(mark_recovered(self._health, self._clock.now()))

    def _show(self, *, is_up: bool) -> None:
        self.is_up = is_up
        self.observer.answers(is_up=is_up)

    def _tell(self, step: HealthStep | None) -> None:
        if step is not None and not self._is_writing:
            self._is_writing = True
            self._health = step.health
            self._commits.submit(step, self)

    def on_committed(self, *, is_written: bool) -> None:  # noqa: ARG002 - a health step is never stale
        """Note that the step that was under way is on disk."""
        self._is_writing = False
        self._pool.wake()  # what has become true meanwhile is told by the next review
