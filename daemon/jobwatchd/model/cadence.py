"""When to look again, and how long to stay away after a failure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from jobwatchd.model.watch import Watch


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often the jobs of one source are polled.

    The interval is `age_fraction` of the time the job has spent in its state, kept between `min_interval_s` and
    `max_interval_s`: a job costs O(log age) requests, and a change is noticed within that fraction of the time it took
    to come. `fixed_interval_s` replaces all of that. `jitter` is the fraction by which an interval is shortened or
    stretched at random. An ended job is looked at every minute, or as often as the bounds allow, for `linger_s`: some
    come back to life. A watch's own bounds count within these.
    """

    min_interval_s: float = 2.0
    max_interval_s: float = 1_800.0
    age_fraction: float = 0.05
    fixed_interval_s: float | None = None
    jitter: float = 0.1
    linger_s: float = 0.0

    @property
    def bounds_s(self) -> tuple[float, float]:
        """Within what a watch may have bounds of its own; a fixed interval is the shortest then."""
        shortest_s = self.min_interval_s if self.fixed_interval_s is None else self.fixed_interval_s
        return shortest_s, max(shortest_s, self.max_interval_s)


# How often to look where a job's age says nothing: it has ended, or its polls fail.
AGELESS_S = 60.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waiting with full jitter: a random part of `first_s * factor ** failures`, at most `longest_s`."""

    first_s: float = 1.0
    factor: float = 2.0
    longest_s: float = 60.0

    def ceiling_s(self, failures: int) -> float:
        """Return the longest wait after `failures` failures in a row (1 or more)."""
        # The exponent is capped because a float overflows long before anybody stops counting failures.
        return min(self.longest_s, self.first_s * self.factor ** min(failures - 1, 64))

    def delay_s(self, failures: int, jitter: float) -> float:
        """Return the wait after `failures` failures in a row; `jitter` is a random number from 0 to 1."""
        return self.ceiling_s(failures) * jitter


def next_poll_s(cadence: Cadence, watch: Watch, now: datetime, jitter: float) -> float:
    """Return in how many seconds the watch wants its next poll; `jitter` is a random number from 0 to 1.

    A deadline that passes before then is not overslept.
    """
    interval_s = _interval_s(cadence, watch, now) * (1.0 + cadence.jitter * (2.0 * jitter - 1.0))
    if watch.overdue_at is not None and watch.ended_at is None:
        until_overdue_s = (watch.overdue_at - now).total_seconds()
        return min(interval_s, max(until_overdue_s, 0.0))
    return interval_s


def longest_wait_s(cadence: Cadence, before: Watch, watch: Watch, now: datetime, jitter: float) -> float:
    """Return for how many seconds a watch may wait from now on that was `before` until it was amended.

    Infinity where the amendment wants no poll: one that is waited for already may stay as it is. `jitter`, from 0 to 1,
    is a place within the interval: many watches are amended at once.
    """
    policies = before.policy, watch.policy
    if len({(policy.min_interval_s, policy.max_interval_s) for policy in policies}) > 1:
        return next_poll_s(cadence, watch, now, 0.5) * jitter
    if watch.overdue_at is None or watch.overdue_at == before.overdue_at or watch.ended_at is not None:
        return inf
    return max(0.0, (watch.overdue_at - now).total_seconds())


def retry_s(cadence: Cadence, watch: Watch, failures: int, jitter: float) -> float:
    """Return in how many seconds to poll again after `failures` polls in a row; `jitter` is a number from 0 to 1.

    Never sooner than the shortest interval. A failure says nothing of a job's age, so where that interval allows it is
    within a minute.
    """
    shortest_s, longest_s = _bounds_s(cadence, watch)
    backoff = Backoff(shortest_s, 2.0, max(shortest_s, min(AGELESS_S, longest_s)))
    return max(shortest_s, backoff.delay_s(failures, jitter))


def _bounds_s(cadence: Cadence, watch: Watch) -> tuple[float, float]:
    policy = watch.policy
    if policy.min_interval_s is None and policy.max_interval_s is None:
        return cadence.min_interval_s, cadence.max_interval_s
    # A reload may have narrowed the source's bounds since the watch was asked for.
    least_s, most_s = cadence.bounds_s
    shortest_s = least_s if policy.min_interval_s is None else max(least_s, min(policy.min_interval_s, most_s))
    longest_s = most_s if policy.max_interval_s is None else max(least_s, min(policy.max_interval_s, most_s))
    return shortest_s, max(shortest_s, longest_s)


def _interval_s(cadence: Cadence, watch: Watch, now: datetime) -> float:
    policy = watch.policy
    fixed_s = cadence.fixed_interval_s
    if (
        fixed_s is not None
        and watch.ended_at is None
        and policy.min_interval_s is None
        and policy.max_interval_s is None
    ):
        return fixed_s
    shortest_s, longest_s = _bounds_s(cadence, watch)
    if watch.ended_at is not None:
        return max(shortest_s, min(AGELESS_S, longest_s))
    aged_s = (now - watch.state_since).total_seconds() * cadence.age_fraction
    return max(shortest_s, min(aged_s, longest_s))


def is_over(cadence: Cadence, watch: Watch, now: datetime) -> bool:
    """Whether the job has ended and the time in which it could come back to life is over too."""
    return watch.ended_at is not None and now >= watch.ended_at + timedelta(seconds=cadence.linger_s)
