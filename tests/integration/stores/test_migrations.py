"""The schema, from nothing and from every older revision, to the one that this version knows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from jobwatchd.errors import StoreUnusable
from jobwatchd.model.delivery import DeliveryStatus
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.query import EventQuery
from jobwatchd.model.transition import Step
from jobwatchd.model.watch import Origin, Policy, Watch, WatchRecord, WatchSpec
from jobwatchd.stores.codec import decode_event, decode_observation, encode_event, encode_observation, to_micros
from jobwatchd.stores.schema import VERSION_TABLE, metadata, upgrade
from jobwatchd.stores.sql import SqlStore


@pytest.fixture
def at_0001(path: Path) -> Path:
    """Give a database that has the schema of revision 0001, and nothing in it."""
    run(path, lambda connection: upgrade(connection, "0001"))
    return path


def run(path: Path, work: Callable[[Connection], object]) -> None:
    """Do something in a transaction, as an older version would have."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        work(connection)
    engine.dispose()


def content(path: Path) -> bytes:
    """Return what a file holds."""
    return path.read_bytes()


def insert(connection: Connection, table: str, **values: object) -> None:
    """Insert one row, naming columns as that revision had them."""
    columns = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)  # noqa: S608 - our own words


def fill(connection: Connection, step: Step, now: datetime) -> None:
    """Write a running watch, its event, a delivered and a pending delivery, and a source, in the schema of 0001."""
    watch, event = step.watch, step.events[0]
    assert step.observation is not None
    insert(
        connection,
        "watches",
        id=watch.id,
        source=watch.ref.source,
        job=watch.ref.job,
        origin="file",
        labels='{"team":"x"}',
        policy='{"deadline_s":60.0}',
        created_at=to_micros(watch.created_at),
        state_since=to_micros(watch.state_since),
        state="running",
        native_state="RUNNING",
        sequence=1,
        version=1,
        overdue_at=to_micros(now + timedelta(minutes=1)),
        lost=False,
        observation=encode_observation(step.observation),
    )
    insert(
        connection,
        "events",
        position=41,
        id=event.id,
        watch_id=watch.id,
        source="graph",
        type="job.running",
        observed_at=to_micros(event.observed_at),
        committed_at=to_micros(now),
        body=encode_event(event),
    )
    for sink, status in (("hook", "pending"), ("done", "delivered")):
        insert(connection, "deliveries", position=41, sink=sink, status=status, attempts=0, created_at=to_micros(now))
    insert(connection, "sources", name="graph", created_at=to_micros(now), sequence=3, version=3)


@pytest.fixture
def old(now: datetime, step: Callable[..., Step]) -> Step:
    """Give what the older version had written."""
    spec = WatchSpec(JobReference("graph", "a/b"), {"team": "x"}, Policy(deadline_s=60.0), Origin.FILE)
    return step(Watch.create(17, spec, now), State.RUNNING, facts=JobFacts(progress=12.5))


async def test_nothing_is_lost_on_the_way_from_0001(at_0001: Path, url: str, old: Step, now: datetime) -> None:
    """Watches, observations, events, deliveries and sources of the older version are all there, unchanged."""
    run(at_0001, lambda connection: fill(connection, old, now))
    store = SqlStore(url)
    await store.open()
    assert await store.find_watch(old.watch.ref) == WatchRecord(old.watch, old.observation)
    assert [(it.position, it.event) for it in await store.list_events(EventQuery())] == [(41, old.events[0])]
    (delivery,) = await store.pending_deliveries("hook", 0, 10)
    assert (delivery.position, delivery.created_at) == (41, now)
    assert (delivery.rejections, delivery.rejected_since) == (0, None)
    assert [it.sink for it in await store.backlog()] == ["hook"]
    health = await store.load_source("graph", now + timedelta(days=1))
    assert (health.created_at, health.sequence, health.version) == (now, 3, 3)
    await store.close()


async def test_old_watches_are_in_their_shards(at_0001: Path, url: str, old: Step, now: datetime) -> None:
    """A watch of the older version is loaded with the shard that its job has, and with no other."""
    run(at_0001, lambda connection: fill(connection, old, now))
    store = SqlStore(url)
    await store.open()
    own = old.watch.ref.shard
    for shards, expected in (({own}, [old.watch]), (set(range(64)) - {own}, [])):
        assert [watch async for batch in store.load_watches(shards, now) for watch in batch] == expected
    await store.close()


async def test_an_upgraded_store_goes_on(
    at_0001: Path, url: str, old: Step, step: Callable[..., Step], now: datetime
) -> None:
    """Ids and positions continue above those of the older version, and its watches take their next step."""
    run(at_0001, lambda connection: fill(connection, old, now))
    store = SqlStore(url)
    await store.open()
    [(new, _)] = await store.add_watches([WatchSpec(JobReference("graph", "new"))], now)
    assert new.id > old.watch.id
    ended = step(old.watch, State.SUCCEEDED)
    assert not (await store.commit([ended], (), lambda _: ["hook"], now)).stale
    assert [it.position for it in await store.pending_deliveries("hook", 0, 10)] == [41, 42]
    await store.close()


async def test_migrations_lead_to_the_schema(store: SqlStore, path: Path) -> None:
    """Tables, columns and indexes are those that the code believes in; Alembic would not add anything."""
    await store.close()

    def compare(connection: Connection) -> None:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata) == []

    run(path, compare)


async def test_a_second_start_migrates_nothing(store: SqlStore, url: str, path: Path) -> None:
    """What the first start made is found to be current."""
    await store.close()
    before = content(path)
    await store.open()
    await store.close()
    assert content(path) == before


async def test_a_newer_schema_is_refused(store: SqlStore, path: Path) -> None:
    """The error says so, and what is there is left alone."""
    await store.close()
    run(path, lambda connection: connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")))  # noqa: S608
    before = content(path)
    with pytest.raises(StoreUnusable, match=r"revision 9999\) is newer than this version .* \(up to 0003\)"):
        await store.open()
    assert content(path) == before


def test_codec_has_not_changed_what_0001_wrote() -> None:
    """Bodies written by the first version are still read; these are copies of such, not made by today's code."""
    body = '{"state":"running","native_state":"RUN","progress":12.5,"sequence":2,"job":"7","labels":{"a":"b"}}'
    event = decode_event(body, event_id="e", watch_id=1, source="graph", type_="job.running", observed_at=1_000_001)
    assert (event.state, event.sequence, event.ref, event.facts.progress) == (
        State.RUNNING,
        2,
        JobReference("graph", "7"),
        12.5,
    )
    assert event.observed_at.timestamp() == 1.000001
    seen = decode_observation('{"native_state":"odd","queued_at":5,"tasks":[{"id":"0","native_state":"?"}]}')
    assert seen.state is None
    assert seen.tasks[0].id == "0"
    assert isinstance(seen, Observation)


def test_statuses_are_words_that_the_indexes_know() -> None:
    """The partial indexes spell out two of the statuses; renaming one must not silently empty an index."""
    assert {DeliveryStatus.PENDING.value, DeliveryStatus.DEAD.value} == {"pending", "dead"}
