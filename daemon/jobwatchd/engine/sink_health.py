"""How a sink fares: told once when that changes, and shown."""

from datetime import datetime

from jobwatchd.engine.observer import SinkObserver
from jobwatchd.engine.runtime import Runtime
from jobwatchd.engine.sink_breaker import SinkBreaker
from jobwatchd.errors import SinkError
from jobwatchd.model.delivery import SinkCondition, SinkState


class SinkHealth:
    """Watches the breaker of the sink `name`, and turns it off and on; the runtime's logger has the sink bound."""

    def __init__(self, runtime: Runtime, name: str, observer: SinkObserver, breaker: SinkBreaker) -> None:
        self.state = SinkState(name)
        self._breaker = breaker
        self._clock = runtime.clock
        self._logger = runtime.logger
        self._observer = observer

    def review(self, error: SinkError | None = None) -> None:
        """See whether nothing gets through any more, after `error`, or something does again."""
        was, is_now = self.state.condition, self._breaker.is_open
        if was is SinkCondition.DISABLED:
            return
        if is_now and was is SinkCondition.OK:
            self._become(SinkCondition.UNAVAILABLE, error)
            self._logger.warning("sink.unavailable", error=str(error))
        elif was is SinkCondition.UNAVAILABLE and not is_now:
            self._become(SinkCondition.OK, None)
            self._logger.info("sink.answers")

    def disable(self, error: SinkError) -> None:
        """Try nothing any more: the receiver wants no more events."""
        if not self._breaker.is_disabled:
            self._logger.error("sink.disabled", error=str(error))
        self._breaker.is_disabled = True
        self._observer.disabled(is_disabled=True)
        self._become(SinkCondition.DISABLED, error)

    def enable(self) -> bool:
        """Begin anew where the receiver wanted no more events; returns whether that was so."""
        if not self._breaker.is_disabled:
            return False
        self._breaker.enable()
        self._observer.disabled(is_disabled=False)
        self._become(SinkCondition.OK, None)
        self._logger.info("sink.enabled")
        return True

    def _become(self, condition: SinkCondition, error: SinkError | None) -> None:
        since: datetime | None = None if condition is SinkCondition.OK else self._clock.now()
        self.state = SinkState(self.state.name, condition, since, None if error is None else str(error))
