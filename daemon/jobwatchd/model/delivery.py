"""One event on its way to one sink, and what a failed attempt means."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf
from typing import NamedTuple

from jobwatchd.errors import SinkError, SinkRejected
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.event import Event

DEFAULT_BACKOFF = Backoff(first_s=1.0, factor=2.0, longest_s=600.0)
# However old a delivery seems to be, a process tries it for so long, or for half of its bound: the clock may be wrong.
LEAST_S = 3600.0


class DeliveryStatus(StrEnum):
    """Where a delivery stands; a dead one is kept and can be replayed."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event for a sink; `position` is the event's, `attempts` counts what failed so far.

    `created_at` is when the event was committed; it bounds how long is tried. `next_attempt_at` is None before the
    first failure. `rejections` counts those of the failures that were refusals, the first of them at `rejected_since`.
    """

    sink: str
    position: int
    event: Event
    created_at: datetime
    attempts: int = 0
    next_attempt_at: datetime | None = None
    rejections: int = 0
    rejected_since: datetime | None = None

    def tried(self, attempt: "Attempt") -> "Delivery":
        """Return the delivery as it is after an attempt."""
        return replace(
            self,
            attempts=attempt.attempts,
            next_attempt_at=attempt.next_attempt_at,
            rejections=attempt.rejections,
            rejected_since=attempt.rejected_since,
        )


class Committed(NamedTuple):
    """What became of a commit: the ids of the watches that were not current, and all deliveries it made, in order."""

    stale: Collection[int]
    deliveries: Sequence[Delivery]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of trying a delivery; written by the store. `rejections` and `rejected_since` are as of now."""

    sink: str
    position: int
    status: DeliveryStatus
    attempts: int
    at: datetime
    next_attempt_at: datetime | None = None
    error: str | None = None
    rejections: int = 0
    rejected_since: datetime | None = None

    @property
    def delay(self) -> timedelta:
        """How long to wait for the next attempt; nothing where there is none."""
        return timedelta() if self.next_attempt_at is None else self.next_attempt_at - self.at


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up: which event, for which sink, when and why."""

    sink: str
    position: int
    event: Event
    attempts: int
    died_at: datetime
    error: str | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far behind one sink is; `oldest_at` is the commit time of its oldest pending event."""

    sink: str
    pending: int
    dead: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many dead letters one call made pending again; `next` is the position to go on after, None at the end."""

    count: int
    next: int | None


class SinkCondition(StrEnum):
    """How a sink fares: `unavailable` while it takes nothing, `disabled` once it wants no more events (HTTP 410)."""

    OK = "ok"
    UNAVAILABLE = "unavailable"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class SinkState:
    """How a configured sink fares, since when, and what it said; both are None while all is well."""

    name: str
    condition: SinkCondition = SinkCondition.OK
    since: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """How long a sink is tried: backing off, up to `max_age_s` after the event.

    A refusal is final once there were `rejections` of it, and the first was `rejections_for_s` ago.
    """

    backoff: Backoff = DEFAULT_BACKOFF
    max_age_s: float = 3 * 86_400.0
    rejections: int = 5
    rejections_for_s: float = 600.0


DEFAULT_RETRY = Retry()


def left_s(began_at: datetime, bound_s: float, now: datetime) -> float:
    """Return for how long something is tried yet that began at `began_at` and is bounded by `bound_s`.

    Asked once in the life of a process; what follows is counted on the monotonic clock. Between two lives there is only
    the wall clock, which may have been wrong in either: what began in the future began now, and a great age leaves an
    hour, or half of the bound where that is less, so that no clock makes everything dead at once.
    """
    age_s = max(0.0, (now - began_at).total_seconds())
    return max(bound_s - age_s, min(bound_s / 2, LEAST_S))


def wait_s(delivery: Delivery, retry: Retry, now: datetime) -> float:
    """Return in how many seconds a delivery that was read from the store may be tried: never more than `longest_s`.

    Where the clock has been set back, which a commit in the future proves, that is never more than its failures asked
    for: the step itself is not waited out.
    """
    if delivery.next_attempt_at is None:
        return 0.0
    is_set_back = delivery.created_at > now
    most_s = retry.backoff.ceiling_s(max(1, delivery.attempts)) if is_set_back else retry.backoff.longest_s
    return min(max(0.0, (delivery.next_attempt_at - now).total_seconds()), most_s)


def asked_s(error: SinkError, retry: Retry) -> float:
    """Return how long the receiver asked to be left alone (Retry-After), at most the longest back-off; 0 if it did not.

    The one bound for a delivery's own next attempt and for a pause of the whole sink.
    """
    return min(error.retry_after_s or 0.0, retry.backoff.longest_s)


def succeeded(delivery: Delivery, now: datetime) -> Attempt:
    """Return the record of a delivery that was taken."""
    return Attempt(delivery.sink, delivery.position, DeliveryStatus.DELIVERED, delivery.attempts + 1, now)


def failed(
    delivery: Delivery,
    error: SinkError,
    retry: Retry,
    now: datetime,
    jitter: float,
    *,
    tried_for_s: float = inf,
    refused_for_s: float = inf,
) -> Attempt:
    """Return when to try again after `error`, or that the delivery is dead; `jitter` is random, from 0 to 1.

    It is tried for `tried_for_s` yet, and a refusal is not final for `refused_for_s` yet; see `left_s`. What a receiver
    asks for is a lower bound; see `asked_s`.
    """
    attempts, rejected = delivery.attempts + 1, isinstance(error, SinkRejected)
    rejections = delivery.rejections + rejected
    delay_s = max(retry.backoff.delay_s(attempts, jitter), asked_s(error, retry))
    refused = rejected and rejections >= retry.rejections and refused_for_s <= 0.0
    dead = refused or delay_s >= tried_for_s
    return Attempt(
        delivery.sink,
        delivery.position,
        DeliveryStatus.DEAD if dead else DeliveryStatus.PENDING,
        attempts,
        now,
        None if dead else now + timedelta(seconds=delay_s),
        str(error),
        rejections,
        (delivery.rejected_since or now) if rejected else delivery.rejected_since,
    )
