"""Deliveries that were given up, in SQL; each function runs inside the transaction of its connection."""

from datetime import datetime
from itertools import chain

from sqlalchemy import ColumnElement, Connection, select, update

from jobwatchd.model.delivery import DeadLetter, DeliveryStatus, Replayed
from jobwatchd.model.query import DeadLetterQuery
from jobwatchd.stores.chunks import chunks
from jobwatchd.stores.codec import from_micros, to_micros
from jobwatchd.stores.schema import IS_DEAD, deliveries, events
from jobwatchd.stores.sql_events import EVENT_COLUMNS, event_of

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
