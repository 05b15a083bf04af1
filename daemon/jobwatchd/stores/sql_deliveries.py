"""Deliveries in SQL, dead ones too, and the sinks that they wait for in vain.

Each function runs inside the transaction of its connection.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, select, update

from jobwatchd.model.delivery import Attempt, Backlog, DeadLetter, Delivery, DeliveryStatus, Replayed
from jobwatchd.model.query import DeadLetterQuery
from jobwatchd.stores.codec import from_micros, optional_instant, optional_micros, to_micros
from jobwatchd.stores.schema import IS_DEAD, IS_PENDING, chunks, deliveries, events, insert_missing, missing_sinks
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


_DEAD = select(
    deliveries.c.sink, deliveries.c.attempts, deliveries.c.finished_at, deliveries.c.error, *EVENT_COLUMNS
).join_from(deliveries, events, deliveries.c.position == events.c.position)
_AS_NEW = {
    "status": DeliveryStatus.PENDING.value,
    "attempts": 0,
    "next_attempt_at": None,
    "finished_at": None,
    "error": None,
    "rejections": 0,
    "rejected_since": None,
}


def list_dead_letters(connection: Connection, query: DeadLetterQuery) -> list[DeadLetter]:
    """Return dead deliveries in order; the limit counts events, see `ports.Store.list_dead_letters`."""
    found: list[DeadLetter] = []
    for piece in chunks(_page(connection, query)):
        statement = _DEAD.where(*_of_sink(query), deliveries.c.position.in_(piece))
        found += [
            DeadLetter(row.sink, row.position, event_of(row), row.attempts, from_micros(row.finished_at), row.error)
            for row in connection.execute(statement.order_by(deliveries.c.position, deliveries.c.sink))
        ]
    return found


def replay_page(connection: Connection, query: DeadLetterQuery, now: datetime) -> Replayed:
    """Make the dead deliveries of a page pending again, as new as of `now`."""
    page, count = _page(connection, query), 0
    for piece in chunks(page):
        statement = update(deliveries).where(*_of_sink(query), deliveries.c.position.in_(piece))
        count += connection.execute(statement.values(created_at=to_micros(now), **_AS_NEW)).rowcount
    return Replayed(count, page[-1] if len(page) == query.limit else None)


def _page(connection: Connection, query: DeadLetterQuery) -> list[int]:
    """Return the positions of the events that a page is of, in order."""
    statement = (
        select(deliveries.c.position)
        .join_from(deliveries, events, deliveries.c.position == events.c.position)
        .where(*_of_sink(query), *_of_event(query), deliveries.c.position > query.after)
        .distinct()
        .order_by(deliveries.c.position)
        .limit(query.limit)
    )
    if query.event_ids is None:
        return list(connection.scalars(statement))
    found = [connection.scalars(statement.where(events.c.id.in_(piece))).all() for piece in chunks(query.event_ids)]
    return sorted(set(chain.from_iterable(found)))[: query.limit]


def _of_sink(query: DeadLetterQuery) -> list[ColumnElement[bool]]:
    return [IS_DEAD] if query.sink is None else [IS_DEAD, deliveries.c.sink == query.sink]


def _of_event(query: DeadLetterQuery) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.source is not None:
        wanted.append(events.c.source == query.source)
    if query.watch_id is not None:
        wanted.append(events.c.watch_id == query.watch_id)
    if query.types:
        wanted.append(events.c.type.in_(query.types))
    return wanted


def mark_missing(connection: Connection, names: Collection[str], now: datetime) -> Mapping[str, datetime]:
    """Remember these, and no others, as missing; returns since when each is."""
    connection.execute(delete(missing_sinks).where(missing_sinks.c.name.not_in(names)))
    if names:
        rows = [{"name": name, "missing_since": to_micros(now)} for name in names]
        connection.execute(insert_missing(missing_sinks, connection.dialect.name), rows)
    return missing_sinks_since(connection)


def missing_sinks_since(connection: Connection) -> Mapping[str, datetime]:
    """Return since when which sinks are missing."""
    return {row.name: from_micros(row.missing_since) for row in connection.execute(select(missing_sinks))}
