"""A source's standing: whether it answers, told once when that changes."""

from collections.abc import Callable
from datetime import timedelta

from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.commits import Commits
from jobwatchd.engine.gate import Gate
from jobwatchd.errors import SourceError
from jobwatchd.model.health import HealthStep, SourceHealth, mark_recovered, mark_unreachable
from jobwatchd.ports import Clock
from jobwatchd.telemetry import Telemetry


class Standing:
    """Turns answers and failures into the gate's state, `source.unreachable`, `source.recovered` and `source_up`.

    `changed` is called when the gate may admit more than before, or less, and when `review` is wanted. One step is
    under way at a time: however long the store takes, a source that comes and goes meanwhile leaves no more than one.
    """

    def __init__(
        self,
        health: SourceHealth,
        *,
        gate: Gate,
        changed: Callable[[], None],
        commits: Commits,
        clock: Clock,
        telemetry: Telemetry,
        logger: FilteringBoundLogger,
    ) -> None:
        self._health = health
        self._gate = gate
        self._changed = changed
        self._commits = commits
        self._clock = clock
        self._logger = logger
        self._up = telemetry.source_up.labels(health.name)
        self._show(is_up=not gate.is_open)
        self._why = ""
        self._warned = gate.is_open
        self._is_writing = False
        self.next_review_s: float | None = None

    def failed(self, error: SourceError) -> None:
        """Note that a poll brought no answer."""
        self._why = str(error)
        self._gate.failed(self._clock.monotonic(), getattr(error, "retry_after_s", None))
        self._changed()
        if self._gate.is_open and not self._warned:
            self._warned = True
            self._show(is_up=False)
            self._logger.warning("source.failing", reason=error.reason, error=self._why)

    def review(self, now_s: float, unreachable_after_s: float) -> None:
        """Tell that the source is unreachable once it has failed for so long; `next_review_s` is when to ask again."""
        self.next_review_s = None
        since_s = self._gate.failing_since_s
        if since_s is None:
            self._tell(mark_recovered(self._health, self._clock.now()))
        if since_s is None or self._health.unreachable_since is not None:
            return
        if now_s < since_s + unreachable_after_s:
            self.next_review_s = since_s + unreachable_after_s
            return
        now = self._clock.now()
        since = now - timedelta(seconds=now_s - since_s)
        self._show(is_up=False)
        self._tell(mark_unreachable(self._health, since, now, self._why))

    def answered(self) -> None:
        """Note an answer after failures."""
        self._gate.answered()
        self._changed()
        self._show(is_up=True)
        if self._warned:
            self._warned = False
            self._logger.info("source.answers")
        self._tell(mark_recovered(self._health, self._clock.now()))

    def _show(self, *, is_up: bool) -> None:
        self.is_up = is_up
        self._up.set(is_up)

    def _tell(self, step: HealthStep | None) -> None:
        if step is not None and not self._is_writing:
            self._is_writing = True
            self._health = step.health
            self._commits.submit(step, self._written)

    def _written(self, _is_written: bool) -> None:  # noqa: FBT001 - as `Commits.submit` wants it
        self._is_writing = False
        self._changed()  # what has become true meanwhile is told by the next review
