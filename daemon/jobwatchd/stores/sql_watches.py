"""What is asked and said about watches in SQL; each function runs inside the transaction of its connection."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, or_, select, update

from jobwatchd.model.job import JobReference
from jobwatchd.model.query import WatchQuery
from jobwatchd.model.watch import Origin, Watch, WatchRecord, WatchSpec
from jobwatchd.stores.codec import encode_mapping, encode_policy, optional_micros, to_micros
from jobwatchd.stores.prepared import PreparedStatement
from jobwatchd.stores.rows import WATCH_COLUMNS, WatchReader, new_watch_row
from jobwatchd.stores.schema import chunks, insert_missing, watches

BATCH = 5_000

_RECORDS = select(*WATCH_COLUMNS, watches.c.observation)
_BATCH = select(*WATCH_COLUMNS).where(watches.c.id > bindparam("after")).order_by(watches.c.id).limit(BATCH)
# Those that are as whoever amends them knows them.
_AMEND = PreparedStatement(
    update(watches)
    .where(watches.c.id == bindparam("watch_id"), watches.c.version == bindparam("expected"))
    .values(
        labels=bindparam("new_labels"),
        policy=bindparam("new_policy"),
        origin=bindparam("new_origin"),
        overdue_at=bindparam("new_overdue_at"),
        version=bindparam("new_version"),
    )
)


def add_watches(connection: Connection, specs: Sequence[WatchSpec], now: datetime) -> list[tuple[Watch, bool]]:
    """Add the jobs that are not watched yet; per spec, in order, its watch and whether it is new."""
    wanted: dict[JobReference, WatchSpec] = {}
    for spec in specs:
        wanted.setdefault(spec.ref, spec)
    found: dict[JobReference, Watch] = {}
    new: set[JobReference] = set()
    insert = insert_missing(watches, connection.dialect.name).returning(watches.c.id, watches.c.source, watches.c.job)
    reader = WatchReader()
    for piece in chunks(wanted.values()):
        # Inserting first and looking for the others afterwards is right with other writers too: what this insert did
        # not take is there for certain.
        for watch_id, source, job in connection.execute(insert, [new_watch_row(spec, now) for spec in piece]):
            ref = JobReference(source, job)
            found[ref] = Watch.create(watch_id, wanted[ref], now)
            new.add(ref)
        found |= _find_all(connection, [spec.ref for spec in piece if spec.ref not in found], reader)
    return [(found[spec.ref], _first(new, spec.ref)) for spec in specs]


def amend_all(connection: Connection, changes: Sequence[tuple[Watch, WatchSpec]]) -> list[Watch]:
    """Write labels, policy and origin of each spec, on top of what is stored; returns the watches that are there."""
    amended: list[Watch] = []
    for piece in chunks(changes):
        made = {watch.id: watch.amended(spec) for watch, spec in piece}
        if _AMEND.execute(connection, [_amended_row(watch) for watch in made.values()]) != len(made):
            made = _amend_what_is_stored(connection, {watch.id: spec for watch, spec in piece}, made)
        amended += made.values()
    return amended


def _amend_what_is_stored(
    connection: Connection, specs: Mapping[int, WatchSpec], made: Mapping[int, Watch]
) -> dict[int, Watch]:
    """Amend those that somebody has written, or removed, since they were read; returns what is there of all."""
    stored = _get_all(connection, list(specs))
    left = {watch.id: watch.amended(specs[watch.id]) for watch in stored.values() if watch != made[watch.id]}
    if left:
        _AMEND.execute(connection, [_amended_row(watch) for watch in left.values()])
    current = stored | left
    return {watch_id: current[watch_id] for watch_id in specs if watch_id in current}


def remove_watches(connection: Connection, ids: Collection[int]) -> set[int]:
    """Remove watches; returns the ids that were there."""
    removed: set[int] = set()
    for piece in chunks(ids):
        statement = delete(watches).where(watches.c.id.in_(piece)).returning(watches.c.id)
        removed.update(connection.scalars(statement).all())
    return removed


def batch_statement(
    shards: Collection[int] | None, ended_after: datetime | None, origin: Origin | None
) -> Select[*tuple[Any, ...]]:
    """Return what selects the next watches above the id `after`; see `ports.Store.load_watches`."""
    statement: Select[*tuple[Any, ...]] = _BATCH
    if shards is not None:
        statement = statement.where(watches.c.shard.in_(sorted(shards)))
    if ended_after is not None:
        statement = statement.where(or_(watches.c.ended_at.is_(None), watches.c.ended_at > to_micros(ended_after)))
    if origin is not None:
        statement = statement.where(watches.c.origin == origin.value)
    return statement


def load_batch(
    connection: Connection, statement: Select[*tuple[Any, ...]], after: int, reader: WatchReader
) -> list[Watch]:
    """Return the watches that a statement of `batch_statement` selects above the id `after`."""
    return [reader.watch(row) for row in connection.execute(statement, {"after": after})]


def find(connection: Connection, ref: JobReference) -> WatchRecord | None:
    """Return the watch of a job."""
    return _record(connection, _RECORDS.where(watches.c.source == ref.source, watches.c.job == ref.job))


def get(connection: Connection, watch_id: int) -> WatchRecord | None:
    """Return a watch by its id."""
    return _record(connection, _RECORDS.where(watches.c.id == watch_id))


def list_records(connection: Connection, query: WatchQuery) -> list[WatchRecord]:
    """Return watches in the order of their ids."""
    reader = WatchReader()
    found: list[WatchRecord] = []
    after = query.after
    while len(found) < query.limit:
        wanted = query.limit - len(found)
        rows = connection.execute(_matching(query).where(watches.c.id > after).limit(wanted)).all()
        found += [record for record in map(reader.record, rows) if query.wants_labels(record.watch)]
        if len(rows) < wanted:
            break
        after = rows[-1].id
    return found


def _first(new: set[JobReference], ref: JobReference) -> bool:
    """Whether this is the first mention of a new job; the same job once more in the same call is not new."""
    if ref in new:
        new.remove(ref)
        return True
    return False


def _matching(query: WatchQuery) -> Select[*tuple[Any, ...]]:
    statement = _RECORDS.order_by(watches.c.id)
    if query.source is not None:
        statement = statement.where(watches.c.source == query.source)
    if query.state is not None:
        statement = statement.where(watches.c.state == query.state.value)
    if query.active is not None:
        statement = statement.where(watches.c.ended_at.is_(None) if query.active else watches.c.ended_at.is_not(None))
    if query.origin is not None:
        statement = statement.where(watches.c.origin == query.origin.value)
    for name, value in query.labels.items():
        # The text of one pair, as it stands inside the JSON object of the labels. Names and values of any characters
        # work, in any database; what it finds too much (letter case, `,` or `:` in odd names) `wants_labels` drops.
        pair = (encode_mapping({name: value}) or "")[1:-1]
        statement = statement.where(watches.c.labels.contains(pair, autoescape=True))
    return statement


def _record(connection: Connection, statement: Select[*tuple[Any, ...]]) -> WatchRecord | None:
    row = connection.execute(statement).one_or_none()
    return None if row is None else WatchReader().record(row)


def _find_all(connection: Connection, refs: list[JobReference], reader: WatchReader) -> dict[JobReference, Watch]:
    found: dict[JobReference, Watch] = {}
    for source, those in groupby(sorted(refs), key=attrgetter("source")):
        statement = select(*WATCH_COLUMNS).where(
            watches.c.source == source, watches.c.job.in_([ref.job for ref in those])
        )
        for row in connection.execute(statement):
            watch = reader.watch(row)
            found[watch.ref] = watch
    return found


def _get_all(connection: Connection, ids: Sequence[int]) -> dict[int, Watch]:
    """Return watches by their ids, locked so that nobody writes in between.

    In one order, so that two writers cannot wait for each other. SQLite has one writer, and leaves FOR UPDATE out.
    """
    reader = WatchReader()
    statement = select(*WATCH_COLUMNS).where(watches.c.id.in_(ids)).order_by(watches.c.id).with_for_update()
    return {watch.id: watch for watch in map(reader.watch, connection.execute(statement))}


def _amended_row(watch: Watch) -> dict[str, object]:
    return {
        "watch_id": watch.id,
        "expected": watch.version - 1,
        "new_labels": encode_mapping(watch.labels),
        "new_policy": encode_policy(watch.policy),
        "new_origin": watch.origin.value,
        "new_overdue_at": optional_micros(watch.overdue_at),
        "new_version": watch.version,
    }
