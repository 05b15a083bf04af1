"""How much may be asked of a source now: its rate, a pause, and its circuit breaker, each of which may say no."""

from collections.abc import Callable
from math import inf

from jobwatchd.engine.circuit_breaker import CircuitBreaker
from jobwatchd.engine.rate_limiter import RateLimiter

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
