"""How much may be sent now: a rate, a pause that the other side asked for, and a circuit breaker.

The breaker opens after some failures in a row without any answer between them. It then lets one request through at a
time, further and further apart, until one is answered.
"""

import sys
from collections.abc import Callable
from math import inf

from jobwatchd.model.cadence import Backoff

# What a server may ask for at most with Retry-After; a date in the far future is a mistake, not a wish.
LONGEST_PAUSE_S = 3600.0
OPEN_AFTER = 5
PROBES = Backoff(first_s=1.0, factor=2.0, longest_s=30.0)
UNLIMITED = sys.maxsize
# A request that comes exactly when `next_s` said must not be turned away by the last bit of a float.
ROUNDING = 1e-4
# How often somebody who is held back looks whether that is over.
HELD_LOOK_S = 0.1


class Gate:
    """Admits requests, one question each; all times are monotonic seconds, `jitter` yields numbers from 0 to 1.

    `rate` is in requests a second, None for no limit. `failing_since_s` is when the present row of failures began, None
    while there is none. A gate that is built `shut` starts with the breaker open and a probe due.
    """

    def __init__(self, rate: float | None, jitter: Callable[[], float], now_s: float, *, shut: bool = False) -> None:
        self.rate = rate
        self.failing_since_s = now_s if shut else None
        self._jitter = jitter
        self._tokens = 1.0
        self._filled_at_s = now_s
        self._asked_until_s = 0.0
        self._paused_until_s = 0.0
        self._probe_at_s = 0.0
        self._failures = OPEN_AFTER if shut else 0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether the breaker is open: nothing passes but probes."""
        return self._failures >= OPEN_AFTER

    def allowance(self, now_s: float) -> int:
        """Return how many requests would be admitted now."""
        if now_s < self._paused_until_s:
            return 0
        if self._failures >= OPEN_AFTER:
            return int(not self._probing and now_s >= self._probe_at_s)
        if self.rate is None:
            return UNLIMITED
        # A twentieth of a second may be made up for after a late wake-up, so that lateness does not lower the rate.
        burst = max(1.0, self.rate * 0.05)
        self._tokens = min(burst, self._tokens + (now_s - self._filled_at_s) * self.rate)
        self._filled_at_s = now_s
        return max(0, int(self._tokens + ROUNDING))

    def admit(self, now_s: float) -> bool:
        """Whether one request may be sent now; a True is used up."""
        if self.rate is None and self._failures < OPEN_AFTER and now_s >= self._paused_until_s:
            return True  # as nearly always, at every poll
        if not self.allowance(now_s):
            return False
        if self.rate is not None:
            self._tokens -= 1.0
        self._probing = self._failures >= OPEN_AFTER
        return True

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

    def unused(self) -> None:
        """Take back an admission that was granted this moment and for which nothing is sent."""
        if self.rate is not None:
            self._tokens += 1.0
        self._probing = False

    def charge(self, requests: int) -> None:
        """Note that one admission led to so many requests more; the rate makes up for them later."""
        if self.rate is not None:
            self._tokens -= requests

    def next_s(self, now_s: float) -> float | None:
        """Return when the next request will be admitted; None when only an answer can change that."""
        if now_s < self._paused_until_s:
            return now_s + HELD_LOOK_S if self.is_held else self._paused_until_s
        if self.is_open:
            return None if self._probing else max(now_s, self._probe_at_s)
        if self.rate is None or self.allowance(now_s):
            return now_s
        return now_s + (1.0 - self._tokens) / self.rate

    def answered(self) -> None:
        """Note an answer: whatever failed before, the other side is there."""
        self.failing_since_s = None
        self._failures = 0
        self._probing = False

    def failed(self, now_s: float, retry_after_s: float | None = None) -> None:
        """Note that no usable answer came; `retry_after_s` is what the other side asked for, if it did."""
        if self.failing_since_s is None:
            self.failing_since_s = now_s
        # While it is open, only the probe tells something new; the others were under way before.
        if not self.is_open or self._probing:
            self._failures += 1
            if self.is_open:
                self._probe_at_s = now_s + PROBES.delay_s(self._failures - OPEN_AFTER + 1, self._jitter())
        self._probing = False
        if retry_after_s is not None:
            self._asked_until_s = max(self._asked_until_s, now_s + min(retry_after_s, LONGEST_PAUSE_S))
            if not self.is_held:
                self._paused_until_s = self._asked_until_s
