"""How much may be asked of a source now: its rate, a pause, and its circuit breaker, each of which may say no."""

import sys
from collections.abc import Callable
from math import inf

from jobwatchd.model.cadence import Backoff

UNLIMITED = sys.maxsize
# A request that comes exactly when `next_s` said must not be turned away by the last bit of a float.
ROUNDING = 1e-4
# So much lateness of a wake-up may be made up for, so that it does not lower the rate.
MADE_UP_S = 0.05


class RateLimiter:
    """Spaces requests evenly; all times are monotonic seconds.

    `rate` is in requests a second, None for no limit.
    """

    def __init__(self, rate: float | None, now_s: float) -> None:
        self.rate = rate
        self._tokens = 1.0
        self._filled_at_s = now_s

    def allowance(self, now_s: float) -> int:
        """Return how many requests may be sent now."""
        if self.rate is None:
            return UNLIMITED
        burst = max(1.0, self.rate * MADE_UP_S)
        self._tokens = min(burst, self._tokens + (now_s - self._filled_at_s) * self.rate)
        self._filled_at_s = now_s
        return max(0, int(self._tokens + ROUNDING))

    def charge(self, requests: int) -> None:
        """Note so many requests, or that fewer were sent than noted; a debt is made up for later."""
        if self.rate is not None:
            self._tokens -= requests

    def next_s(self, now_s: float) -> float:
        """Return when the next request may be sent."""
        if self.rate is None or self.allowance(now_s):
            return now_s
        return now_s + (1.0 - self._tokens) / self.rate


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


# What a server may ask for at most with Retry-After; a date in the far future is a mistake, not a wish.
LONGEST_PAUSE_S = 3600.0
# How often somebody who is held back looks whether that is over.
HELD_LOOK_S = 0.1


class SourceLimiter:
    """Admits requests, one question each; implements `worker_pool.Limiter`. All times are monotonic seconds.

    A pause is what the other side asked for, or lasts as long as we are held back ourselves.
    """

    def __init__(self, rate: float | None, jitter: Callable[[], float], now_s: float, *, is_open: bool = False) -> None:
        self.rate_limiter = RateLimiter(rate, now_s)
        self.breaker = CircuitBreaker(jitter, now_s, is_open=is_open)
        self._asked_until_s = 0.0
        self._paused_until_s = 0.0

    def allowance(self, now_s: float) -> int:
        """Return how many requests would be admitted now."""
        if now_s < self._paused_until_s:
            return 0
        if self.breaker.is_open:
            return int(self.breaker.may_probe(now_s))
        return self.rate_limiter.allowance(now_s)

    def admit(self, now_s: float) -> bool:
        """Whether one request may be sent now; a True is used up."""
        is_open = self.breaker.is_open
        if self.rate_limiter.rate is None and not is_open and now_s >= self._paused_until_s:
            return True  # as nearly always, at every poll
        if not self.allowance(now_s):
            return False
        self.rate_limiter.charge(1)
        self.breaker.is_probing = is_open
        return True

    def give_back(self, _item: object = None) -> None:
        """Take back an admission that was granted this moment and for which nothing was sent."""
        self.rate_limiter.charge(-1)
        self.breaker.is_probing = False

    def next_s(self, now_s: float) -> float | None:
        """Return when the next request will be admitted; None when only an answer can change that."""
        if now_s < self._paused_until_s:
            return now_s + HELD_LOOK_S if self.is_held else self._paused_until_s
        if self.breaker.is_open:
            return self.breaker.next_s(now_s)
        return self.rate_limiter.next_s(now_s)

    @property
    def is_held(self) -> bool:
        """Whether `hold` was said last."""
        return self._paused_until_s == inf

    def hold(self) -> None:
        """Admit nothing, until `release`: what answers would bring cannot be kept now."""
        self._paused_until_s = inf

    def release(self) -> None:
        """Admit again, as the other side allows."""
        self._paused_until_s = self._asked_until_s

    def failed(self, now_s: float, retry_after_s: float | None = None) -> None:
        """Note that no usable answer came; `retry_after_s` is what the other side asked for, if it did."""
        self.breaker.failed(now_s)
        if retry_after_s is not None:
            self._asked_until_s = max(self._asked_until_s, now_s + min(retry_after_s, LONGEST_PAUSE_S))
            if not self.is_held:
                self._paused_until_s = self._asked_until_s
