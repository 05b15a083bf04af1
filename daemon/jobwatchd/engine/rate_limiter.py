"""A rate: so many requests a second."""

import sys

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
