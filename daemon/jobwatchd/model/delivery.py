"""One event on its way to one sink, and what a failed attempt means."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from jobwatchd.errors import SinkError, SinkRejected
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.event import Event

DEFAULT_BACKOFF = Backoff(first_s=1.0, factor=2.0, longest_s=600.0)


class DeliveryStatus(StrEnum):
    """Where a delivery stands; a dead one is kept and can be replayed."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event for a sink; `position` is the event's, `attempts` counts what failed so far.

    `created_at` is when the event was committed; it bounds how long is tried. `next_attempt_at` is None before the
    first failure. `rejections` counts those of the failures that were refusals, since this process began to try.
    """

    sink: str
    position: int
    event: Event
    created_at: datetime
    attempts: int = 0
    next_attempt_at: datetime | None = None
    rejections: int = 0


class Committed(NamedTuple):
    """What became of a commit: the ids of the watches that were not current, and all deliveries it made, in order."""

    stale: Collection[int]
    deliveries: Sequence[Delivery]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of trying a delivery; written by the store."""

    sink: str
    position: int
    status: DeliveryStatus
    attempts: int
    at: datetime
    next_attempt_at: datetime | None = None
    error: str | None = None


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
class Retry:
    """How long a sink is tried: backing off, up to `max_age_s` after the event; a refusal only `rejections` times."""

    backoff: Backoff = DEFAULT_BACKOFF
    max_age_s: float = 3 * 86_400.0
    rejections: int = 5


DEFAULT_RETRY = Retry()


def succeeded(delivery: Delivery, now: datetime) -> Attempt:
    """Return the record of a delivery that was taken."""
    return Attempt(delivery.sink, delivery.position, DeliveryStatus.DELIVERED, delivery.attempts + 1, now)


def failed(delivery: Delivery, error: SinkError, retry: Retry, now: datetime, chance: float) -> Attempt:
    """Return when to try again after `error`, or that the delivery is dead; `chance` is random, from 0 to 1.

    What a receiver asks for (`retry_after_s`) is obeyed as a lower bound, up to the longest back-off.
    """
    attempts = delivery.attempts + 1
    asked_s = min(getattr(error, "retry_after_s", None) or 0.0, retry.backoff.longest_s)
    next_at = now + timedelta(seconds=max(retry.backoff.delay_s(attempts, chance), asked_s))
    too_old = next_at >= delivery.created_at + timedelta(seconds=retry.max_age_s)
    refused = isinstance(error, SinkRejected) and delivery.rejections + 1 >= retry.rejections
    status = DeliveryStatus.DEAD if too_old or refused else DeliveryStatus.PENDING
    return Attempt(
        delivery.sink,
        delivery.position,
        status,
        attempts,
        now,
        None if status is DeliveryStatus.DEAD else next_at,
        str(error),
    )
