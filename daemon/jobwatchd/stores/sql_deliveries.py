"""What is asked and said about deliveries in SQL; each function runs inside the transaction of its connection."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from jobwatchd.model.delivery import Attempt, Backlog, Delivery, DeliveryStatus
from jobwatchd.stores.codec import from_micros, optional_instant, optional_micros, to_micros
from jobwatchd.stores.schema import IS_DEAD, IS_PENDING, deliveries, events
from jobwatchd.stores.sql_events import EVENT_COLUMNS, event_of

# Rows that one call removes; some ten milliseconds.
DROPPED_AT_ONCE = 1_000

_DELIVERIES = select(
    deliveries.c.created_at,
    deliveries.c.attempts,
    deliveries.c.next_attempt_at,
    deliveries.c.rejections,
    deliveries.c.rejected_since,
    *EVENT_COLUMNS,
).join_from(deliveries, events, deliveries.c.position == events.c.position)
_PENDING = (
    _DELIVERIES.where(IS_PENDING, deliveries.c.sink == bindparam("sink"), deliveries.c.position > bindparam("after"))
    .order_by(deliveries.c.position)
    .limit(bindparam("at_most"))
)
_FIRST_PENDING = (
    _DELIVERIES.where(IS_PENDING, deliveries.c.sink == bindparam("sink"), events.c.watch_id == bindparam("watch_id"))
    .order_by(events.c.position)
    .limit(1)
)
_ATTEMPT = update(deliveries).where(
    deliveries.c.position == bindparam("at_position"), deliveries.c.sink == bindparam("to_sink")
)
_BACKLOG = (
    select(deliveries.c.sink, func.count().label("pending"), func.min(deliveries.c.created_at).label("oldest"))
    .where(IS_PENDING)
    .group_by(deliveries.c.sink)
)
_DEAD_COUNTS = select(deliveries.c.sink, func.count().label("dead")).where(IS_DEAD).group_by(deliveries.c.sink)


def pending(connection: Connection, sink: str, after: int, limit: int) -> list[Delivery]:
    """Return a sink's pending deliveries with positions above `after`, in order."""
    rows = connection.execute(_PENDING, {"sink": sink, "after": after, "at_most": limit})
    return [_delivery_of(sink, row) for row in rows]


def first_pending(connection: Connection, sink: str, watch_id: int) -> Delivery | None:
    """Return the oldest pending delivery of a watch's events to a sink."""
    row = connection.execute(_FIRST_PENDING, {"sink": sink, "watch_id": watch_id}).one_or_none()
    return None if row is None else _delivery_of(sink, row)


def drop_pending(connection: Connection, sink: str) -> int:
    """Remove some of a sink's pending deliveries; returns how many."""
    wanted = (IS_PENDING, deliveries.c.sink == sink)
    some = select(deliveries.c.position).where(*wanted).order_by(deliveries.c.position).limit(DROPPED_AT_ONCE)
    return connection.execute(delete(deliveries).where(*wanted, deliveries.c.position.in_(some))).rowcount


def record(connection: Connection, attempts: Sequence[Attempt]) -> None:
    """Write what became of deliveries."""
    if attempts:
        connection.execute(_ATTEMPT, [_attempt_row(attempt) for attempt in attempts])


def backlog(connection: Connection) -> list[Backlog]:
    """Return, per sink that has any pending or dead delivery, how far behind it is."""
    waiting = {row.sink: row for row in connection.execute(_BACKLOG)}
    dead = {row.sink: row.dead for row in connection.execute(_DEAD_COUNTS)}
    return [
        Backlog(sink, waiting[sink].pending, dead.get(sink, 0), from_micros(waiting[sink].oldest))
        if sink in waiting
        else Backlog(sink, 0, dead[sink], None)
        for sink in sorted({*waiting, *dead})
    ]


def _delivery_of(sink: str, row: Row[*tuple[Any, ...]]) -> Delivery:
    return Delivery(
        sink,
        row.position,
        event_of(row),
        from_micros(row.created_at),
        row.attempts,
        optional_instant(row.next_attempt_at),
        row.rejections,
        optional_instant(row.rejected_since),
    )


def _attempt_row(attempt: Attempt) -> dict[str, object]:
    return {
        "at_position": attempt.position,
        "to_sink": attempt.sink,
        "status": attempt.status.value,
        "attempts": attempt.attempts,
        "next_attempt_at": optional_micros(attempt.next_attempt_at),
        "finished_at": None if attempt.status is DeliveryStatus.PENDING else to_micros(attempt.at),
        "error": attempt.error,
        "rejections": attempt.rejections,
        "rejected_since": optional_micros(attempt.rejected_since),
    }
