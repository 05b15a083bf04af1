"""The hot path: a group of steps, their events and deliveries, in SQL.

Cost is what the shape is for: whatever the size of the group, it is one statement to see which versions are stored,
one to see which events are, and one executemany each for watches, events and deliveries.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select, update

from jobwatchd.model.delivery import Committed, Delivery, DeliveryStatus
from jobwatchd.model.event import Event
from jobwatchd.model.health import HealthStep, SourceHealth
from jobwatchd.model.transition import Step
from jobwatchd.stores.codec import encode_event, from_micros, optional_instant, optional_micros, to_micros
from jobwatchd.stores.rows import step_row
from jobwatchd.stores.schema import IS_PENDING, chunks, deliveries, events, insert_missing, sources, watches
from jobwatchd.stores.sql_events import EVENT_COLUMNS, event_of

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
# In one order, so that two writers cannot wait for each other. SQLite has one writer, and leaves FOR UPDATE out.
_VERSIONS = (
    select(watches.c.id, watches.c.version).where(watches.c.id.in_(_IDS)).order_by(watches.c.id).with_for_update()
)
_SOURCE_VERSIONS = (
    select(sources.c.name, sources.c.version).where(sources.c.name.in_(_IDS)).order_by(sources.c.name).with_for_update()
)
_POSITIONS = select(events.c.id, events.c.position).where(events.c.id.in_(_IDS))
_STEP = (
    update(watches)
    .where(watches.c.id == bindparam("watch_id"), watches.c.version == bindparam("expected"))
    .values(observation=func.coalesce(bindparam("seen"), watches.c.observation))
)
_STORED = select(*EVENT_COLUMNS).where(events.c.id.in_(_IDS))
_KEPT = (
    select(deliveries.c.sink, deliveries.c.created_at, deliveries.c.attempts, *EVENT_COLUMNS)
    .join_from(events, deliveries, deliveries.c.position == events.c.position)
    .where(IS_PENDING, events.c.id.in_(_IDS))
    .order_by(deliveries.c.position)
)
_HEALTH = update(sources).where(sources.c.name == bindparam("source"), sources.c.version == bindparam("expected"))


def load_source(connection: Connection, name: str, now: datetime) -> SourceHealth:
    """Return the health of a source, created as of `now` where it is new."""
    fresh = {"name": name, "created_at": to_micros(now), "sequence": 0, "version": 0}
    connection.execute(insert_missing(sources, connection.dialect.name), fresh)
    row = connection.execute(select(sources).where(sources.c.name == name)).one()
    return SourceHealth(
        row.name, from_micros(row.created_at), row.sequence, row.version, optional_instant(row.unreachable_since)
    )


def commit(
    connection: Connection,
    steps: Sequence[Step],
    health: Sequence[HealthStep],
    sinks: Mapping[str, Collection[str]],
    now: datetime,
) -> Committed:
    """Write the steps whose watches are current, with events and deliveries; see `ports.Store.commit`.

    `sinks` names, for the id of each event, where it is to be delivered.
    """
    stored: dict[int, int] = {}
    for ids in chunks(step.watch.id for step in steps):
        stored.update((row.id, row.version) for row in connection.execute(_VERSIONS, {"ids": ids}))
    current = [step for step in steps if stored.get(step.watch.id) == step.watch.version - 1]
    current_health = _current_health(connection, health)
    if current:
        connection.execute(_STEP, [step_row(step) for step in current])
    if current_health:
        connection.execute(_HEALTH, [_health_row(step.health) for step in current_health])
    told = [event for step in current_health for event in step.events]
    told += [event for step in current for event in step.events]
    kept: list[Step] = []
    made: list[Delivery] = []
    if len(current) < len(steps) or len(current_health) < len(health):
        again = [step for step in steps if stored.get(step.watch.id) == step.watch.version]
        kept, made = _kept(connection, again, [step for step in health if step not in current_health])
    made += _write_events(connection, told, sinks, now)
    written = {step.watch.id for step in (*current, *kept)}
    return Committed({step.watch.id for step in steps} - written, made)


def _kept(
    connection: Connection, steps: Sequence[Step], health: Sequence[HealthStep]
) -> tuple[list[Step], list[Delivery]]:
    """Return those steps that an earlier call has written, and the deliveries that it made and nobody was told of.

    What tells them from steps that came too late is that their very events are stored.
    """
    told = [event for step in health for event in step.events]
    asked = told + [event for step in steps for event in step.events]
    stored: dict[str, Event] = {}
    for piece in chunks(event.id for event in asked):
        stored.update((row.id, event_of(row)) for row in connection.execute(_STORED, {"ids": piece}))
    kept = [step for step in steps if step.events and all(stored.get(event.id) == event for event in step.events)]
    told += [event for step in kept for event in step.events]
    ids = [event.id for event in told if stored.get(event.id) == event]
    made = [
        Delivery(row.sink, row.position, event_of(row), from_micros(row.created_at), row.attempts)
        for piece in chunks(ids)
        for row in connection.execute(_KEPT, {"ids": piece})
    ]
    return kept, sorted(made, key=lambda delivery: delivery.position)


def _current_health(connection: Connection, health: Sequence[HealthStep]) -> list[HealthStep]:
    if not health:
        return []
    names = [step.health.name for step in health]
    stored = {row.name: row.version for row in connection.execute(_SOURCE_VERSIONS, {"ids": names})}
    return [step for step in health if stored.get(step.health.name) == step.health.version - 1]


def _health_row(health: SourceHealth) -> dict[str, object]:
    return {
        "source": health.name,
        "expected": health.version - 1,
        "sequence": health.sequence,
        "version": health.version,
        "unreachable_since": optional_micros(health.unreachable_since),
    }


def _write_events(
    connection: Connection, told: Sequence[Event], sinks: Mapping[str, Collection[str]], now: datetime
) -> list[Delivery]:
    """Write those events that are not there, and their deliveries; returns the latter.

    No other writer can bring the same event in between: its watch, or its source, is locked by this transaction.
    """
    known = _positions(connection, (event.id for event in told))
    fresh = {event.id: event for event in told if event.id not in known}
    if not fresh:
        return []
    committed_at = to_micros(now)
    connection.execute(insert(events), [_event_row(event, committed_at) for event in fresh.values()])
    positions = _positions(connection, (event_id for event_id in fresh if sinks[event_id]))
    made = [
        Delivery(sink, positions[event_id], event, now) for event_id, event in fresh.items() for sink in sinks[event_id]
    ]
    if made:
        connection.execute(insert(deliveries), [_delivery_row(delivery, committed_at) for delivery in made])
    return made


def _positions(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for piece in chunks(ids):
        found.update((row.id, row.position) for row in connection.execute(_POSITIONS, {"ids": piece}))
    return found


def _event_row(event: Event, now: int) -> dict[str, object]:
    return {
        "id": event.id,
        "watch_id": event.watch_id,
        "source": event.source,
        "type": event.type.value,
        "observed_at": to_micros(event.observed_at),
        "committed_at": now,
        "body": encode_event(event),
    }


def _delivery_row(delivery: Delivery, now: int) -> dict[str, object]:
    return {
        "position": delivery.position,
        "sink": delivery.sink,
        "status": DeliveryStatus.PENDING.value,
        "attempts": 0,
        "created_at": now,
    }
