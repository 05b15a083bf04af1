"""Reading the log of events in SQL, and pruning what is old."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, delete, exists, select

from jobwatchd.model.event import Event, StoredEvent
from jobwatchd.model.query import EventQuery
from jobwatchd.model.watch import Origin
from jobwatchd.ports import Pruned
from jobwatchd.stores.codec import decode_event, to_micros
from jobwatchd.stores.schema import IS_PENDING, chunks, deliveries, events, watches

# Rows of each kind that one call removes; some ten milliseconds.
PRUNED_AT_ONCE = 1_000

EVENT_COLUMNS = (
    events.c.position,
    events.c.id,
    events.c.watch_id,
    events.c.source,
    events.c.type,
    events.c.observed_at,
    events.c.body,
)


def event_of(row: Row[*tuple[object, ...]]) -> Event:
    """Return the event in a row that has `EVENT_COLUMNS`."""
    return decode_event(
        row.body,
        event_id=row.id,
        watch_id=row.watch_id,
        source=row.source,
        type_=row.type,
        observed_at=row.observed_at,
    )


def list_stored(connection: Connection, query: EventQuery) -> list[StoredEvent]:
    """Return events in the order of their positions, or the other way round."""
    statement = select(*EVENT_COLUMNS).limit(query.limit)
    position = events.c.position
    if query.newest_first:
        statement = statement.order_by(position.desc())
        if query.after:
            statement = statement.where(position < query.after)
    else:
        statement = statement.order_by(position).where(position > query.after)
    if query.watch_id is not None:
        statement = statement.where(events.c.watch_id == query.watch_id)
    if query.source is not None:
        statement = statement.where(events.c.source == query.source)
    if query.types:
        statement = statement.where(events.c.type.in_(query.types))
    return [StoredEvent(row.position, event_of(row)) for row in connection.execute(statement)]


def prune(connection: Connection, finished_before: datetime, events_before: datetime) -> Pruned:
    """Remove some of the ended watches and of the events that are older than that."""
    ended = select(watches.c.id).where(
        watches.c.ended_at < to_micros(finished_before), watches.c.origin == Origin.API.value
    )
    waiting = exists().where(deliveries.c.position == events.c.position, IS_PENDING)
    old = select(events.c.position).where(events.c.committed_at < to_micros(events_before), ~waiting)
    ids = connection.scalars(ended.order_by(watches.c.ended_at).limit(PRUNED_AT_ONCE)).all()
    positions = connection.scalars(old.order_by(events.c.committed_at).limit(PRUNED_AT_ONCE)).all()
    for piece in chunks(ids):
        connection.execute(delete(watches).where(watches.c.id.in_(piece)))
    _remove_events(connection, positions)
    return Pruned(len(ids), len(positions))


def _remove_events(connection: Connection, positions: Sequence[int]) -> None:
    for piece in chunks(positions):
        connection.execute(delete(deliveries).where(deliveries.c.position.in_(piece)))
        connection.execute(delete(events).where(events.c.position.in_(piece)))
