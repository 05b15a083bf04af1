"""A circuit breaker: opens after failures in a row, then lets one request through at a time, ever further apart."""

from collections.abc import Callable

from jobwatchd.model.cadence import Backoff

OPEN_AFTER = 5
PROBES = Backoff(first_s=1.0, factor=2.0, longest_s=30.0)


class CircuitBreaker:
    """Knows whether the other side answers; all times are monotonic seconds, `jitter` yields numbers from 0 to 1.

    It opens after some failures in a row without any answer between them. `failing_since_s` is when the present row
    began, None while there is none. One that is built open has a probe due.
    """

    def __init__(self, jitter: Callable[[], float], now_s: float, *, is_open: bool = False) -> None:
        self.is_open = is_open
        self.is_probing = False
        self.failing_since_s = now_s if is_open else None
        self._jitter = jitter
        self._failures = OPEN_AFTER if is_open else 0
        self._probe_at_s = 0.0

    def may_probe(self, now_s: float) -> bool:
        """Whether one request may be sent now though it is open."""
        return not self.is_probing and now_s >= self._probe_at_s

    def next_s(self, now_s: float) -> float | None:
        """Return when the next request may be sent; None when only an answer can change that."""
        if self.is_open:
            return None if self.is_probing else max(now_s, self._probe_at_s)
        return now_s

    def answered(self) -> None:
        """Note an answer: whatever failed before, the other side is there."""
        self.failing_since_s = None
        self._failures = 0
        self.is_open = self.is_probing = False

    def failed(self, now_s: float) -> None:
        """Note that no usable answer came."""
        if self.failing_since_s is None:
            self.failing_since_s = now_s
        # While it is open, only the probe tells something new; the others were under way before.
        if not self.is_open or self.is_probing:
            self._failures += 1
            self.is_open = self._failures >= OPEN_AFTER
            if self.is_open:
                self._probe_at_s = now_s + PROBES.delay_s(self._failures - OPEN_AFTER + 1, self._jitter())
        self.is_probing = False
