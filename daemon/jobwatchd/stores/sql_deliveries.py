"""What is asked and said about deliveries in SQL; each function runs inside the transaction of its connection."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from jobwatchd.model.delivery import Attempt, Backlog, DeadLetter, Delivery, DeliveryStatus
from jobwatchd.stores.chunks import chunks
from jobwatchd.stores.codec import from_micros, optional_instant, optional_micros, to_micros
from jobwatchd.stores.schema import IS_DEAD, IS_PENDING, deliveries, events
from jobwatchd.stores.sql_events import EVENT_COLUMNS, event_of

_PENDING = (
    select(deliveries.c.created_at, deliveries.c.attempts, deliveries.c.next_attempt_at, *EVENT_COLUMNS)
    .join_from(deliveries, events, deliveries.c.position == events.c.position)
    .where(IS_PENDING, deliveries.c.sink == bindparam("sink"), deliveries.c.position > bindparam("after"))
    .order_by(deliveries.c.position)
    .limit(bindparam("at_most"))
)
_DEAD = select(
    deliveries.c.sink, deliveries.c.attempts, deliveries.c.finished_at, deliveries.c.error, *EVENT_COLUMNS
).join_from(deliveries, events, deliveries.c.position == events.c.position)
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
    return [
        Delivery(
            sink,
            row.position,
            event_of(row),
            from_micros(row.created_at),
            row.attempts,
            optional_instant(row.next_attempt_at),
        )
        for row in rows
    ]


def record(connection: Connection, attempts: Sequence[Attempt]) -> None:
    """Write what became of deliveries."""
    if attempts:
        connection.execute(_ATTEMPT, [_attempt_row(attempt) for attempt in attempts])


def dead_letters(connection: Connection, sink: str | None, after: int, limit: int) -> list[DeadLetter]:
    """Return dead deliveries above `after`, in order.

    The limit counts positions: an event that several sinks would not take comes whole, or the next page, which begins
    above its position, would leave some of it out.
    """
    wanted = [IS_DEAD, deliveries.c.position > after]
    if sink is not None:
        wanted.append(deliveries.c.sink == sink)
    page = select(deliveries.c.position).where(*wanted).distinct().order_by(deliveries.c.position).limit(limit)
    statement = _DEAD.where(*wanted, deliveries.c.position.in_(page)).order_by(deliveries.c.position, deliveries.c.sink)
    return [
        DeadLetter(row.sink, row.position, event_of(row), row.attempts, from_micros(row.finished_at), row.error)
        for row in connection.execute(statement)
    ]


def replay(connection: Connection, sink: str, event_ids: Collection[str], now: datetime) -> int:
    """Make dead deliveries pending again, as new as of `now`; returns how many."""
    replayed = 0
    for piece in chunks(event_ids):
        positions = select(events.c.position).where(events.c.id.in_(piece))
        statement = (
            update(deliveries)
            .where(deliveries.c.sink == sink, IS_DEAD, deliveries.c.position.in_(positions))
            .values(
                status=DeliveryStatus.PENDING.value,
                attempts=0,
                created_at=to_micros(now),
                next_attempt_at=None,
                finished_at=None,
                error=None,
            )
        )
        replayed += connection.execute(statement).rowcount
    return replayed


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


def _attempt_row(attempt: Attempt) -> dict[str, object]:
    return {
        "at_position": attempt.position,
        "to_sink": attempt.sink,
        "status": attempt.status.value,
        "attempts": attempt.attempts,
        "next_attempt_at": optional_micros(attempt.next_attempt_at),
        "finished_at": None if attempt.status is DeliveryStatus.PENDING else to_micros(attempt.at),
        "error": attempt.error,
    }
