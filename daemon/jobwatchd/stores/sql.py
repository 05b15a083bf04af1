"""The store in a database, with SQLAlchemy Core: its transactions; what is said in them stands in a file a noun."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from jobwatchd.errors import ConfigError
from jobwatchd.model.delivery import Attempt, Backlog, Committed, DeadLetter, Delivery, Replayed
from jobwatchd.model.event import StoredEvent
from jobwatchd.model.health import HealthStep, SourceHealth
from jobwatchd.model.job import JobReference
from jobwatchd.model.query import DeadLetterQuery, EventQuery, WatchQuery
from jobwatchd.model.transition import Step
from jobwatchd.model.watch import Origin, Watch, WatchRecord, WatchSpec
from jobwatchd.ports import Pruned, Route
from jobwatchd.stores import sql_commit, sql_deliveries, sql_events, sql_watches
from jobwatchd.stores.database import Database
from jobwatchd.stores.rows import WatchReader
from jobwatchd.stores.sqlite import SqliteFile

# Short, because a thread that waits inside SQLite cannot be called off; whoever calls tries again.
BUSY_TIMEOUT_S = 0.5


class SqlStore:
    """Keeps everything in one SQLite file, `sqlite:////absolute/path`; implements `ports.Store`.

    `busy_timeout_s` is how long a call waits for another program that locks the file. Raises `ConfigError` for a URL
    that names no such file.
    """

    def __init__(self, url: str, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._database = Database(SqliteFile(_path(url), busy_timeout_s))

    async def open(self) -> None:
        """Take the file, look for damage, bring the schema up to date; raises a `StoreError`."""
        await self._database.open()

    async def close(self) -> None:
        """Close; what was committed stays."""
        await self._database.close()

    async def check(self) -> None:
        """See that the file is still there and not locked, and read from it."""
        await self._database.check()

    async def add_watches(self, specs: Sequence[WatchSpec], now: datetime) -> Sequence[tuple[Watch, bool]]:
        """Add those jobs that are not watched yet; per spec, in order, its watch and whether it is new."""
        return await self._database.write(sql_watches.add_watches, specs, now)

    async def amend_watches(self, changes: Sequence[tuple[Watch, WatchSpec]]) -> Sequence[Watch]:
        """Give watches the labels, policy and origin of specs; returns those that are there, as they are now."""
        return await self._database.write(sql_watches.amend_all, changes)

    async def remove_watches(self, ids: Collection[int]) -> Collection[int]:
        """Remove watches; returns the ids that were there."""
        return await self._database.write(sql_watches.remove_watches, ids)

    async def load_watches(
        self, shards: Collection[int] | None, ended_after: datetime | None, origin: Origin | None = None
    ) -> AsyncIterator[Sequence[Watch]]:
        """Yield watches in batches; each is a read of its own, so an abandoned iteration holds nothing."""
        reader = WatchReader()
        after = 0
        statement = sql_watches.batch_statement(shards, ended_after, origin)
        while batch := await self._database.read(sql_watches.load_batch, statement, after, reader):
            yield batch
            after = batch[-1].id

    async def find_watch(self, ref: JobReference) -> WatchRecord | None:
        """Return the watch of a job."""
        return await self._database.read(sql_watches.find, ref)

    async def get_watch(self, watch_id: int) -> WatchRecord | None:
        """Return a watch by its id."""
        return await self._database.read(sql_watches.get, watch_id)

    async def list_watches(self, query: WatchQuery) -> Sequence[WatchRecord]:
        """Return watches in the order of their ids."""
        return await self._database.read(sql_watches.list_records, query)

    async def load_source(self, name: str, now: datetime) -> SourceHealth:
        """Return the health of a source, created as of `now` where it is new."""
        return await self._database.write(sql_commit.load_source, name, now)

    async def commit(
        self, steps: Sequence[Step], health: Sequence[HealthStep], route: Route, now: datetime
    ) -> Committed:
        """Write steps, events and pending deliveries."""
        # Asked here and not in the transaction: that runs in another thread, and `route` belongs to this one.
        told = [event for step in steps for event in step.events]
        told += [event for step in health for event in step.events]
        sinks = {event.id: tuple(dict.fromkeys(route(event))) for event in told}
        return await self._database.write(sql_commit.commit, steps, health, sinks, now)

    async def list_events(self, query: EventQuery) -> Sequence[StoredEvent]:
        """Return events in the order of their positions."""
        return await self._database.read(sql_events.list_stored, query)

    async def pending_deliveries(self, sink: str, after: int, limit: int) -> Sequence[Delivery]:
        """Return a sink's pending deliveries with positions above `after`, in order."""
        return await self._database.read(sql_deliveries.pending, sink, after, limit)

    async def first_pending(self, sink: str, watch_id: int) -> Delivery | None:
        """Return the oldest pending delivery of a watch's events to a sink; None where there is none."""
        return await self._database.read(sql_deliveries.first_pending, sink, watch_id)

    async def record_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Write what became of deliveries; idempotent."""
        await self._database.write(sql_deliveries.record, attempts)

    async def list_dead_letters(self, query: DeadLetterQuery) -> Sequence[DeadLetter]:
        """Return dead deliveries in the order of their positions."""
        return await self._database.read(sql_deliveries.list_dead_letters, query)

    async def replay(self, query: DeadLetterQuery, now: datetime) -> Replayed:
        """Make the dead deliveries of a page pending again, as new as of `now`."""
        return await self._database.write(sql_deliveries.replay_page, query, now)

    async def mark_missing(self, sinks: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """Remember that these sinks, and no others, are not configured; returns since when each is known to be so."""
        return await self._database.write(sql_deliveries.mark_missing, sinks, now)

    async def missing_sinks(self) -> Mapping[str, datetime]:
        """Return the sinks that are known not to be configured, and since when."""
        return await self._database.read(sql_deliveries.missing_sinks_since)

    async def drop_pending(self, sink: str) -> int:
        """Remove at most 1,000 of a sink's pending deliveries; returns how many."""
        return await self._database.write(sql_deliveries.drop_pending, sink)

    async def backlog(self) -> Sequence[Backlog]:
        """Return, per sink that has any pending or dead delivery, how far behind it is."""
        return await self._database.read(sql_deliveries.backlog)

    async def prune(self, finished_before: datetime, events_before: datetime) -> Pruned:
        """Remove at most 1,000 watches and 1,000 events that are older than that."""
        return await self._database.write(sql_events.prune, finished_before, events_before)


def _path(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Without the chain: the URL of another kind of database may hold a password, and so may the library's text.
        raise ConfigError("store.url: cannot be read as a URL; expected sqlite:////absolute/path/of/the/file") from None
    if parsed.get_backend_name() != "sqlite":
        raise ConfigError(
            f"store.url: got a {parsed.get_backend_name()} URL, expected sqlite:////absolute/path/of/the/file"
        )
    if parsed.query:
        raise ConfigError("store.url: takes no parameters after `?`, expected sqlite:////absolute/path/of/the/file")
    if parsed.database in {None, "", ":memory:"}:
        raise ConfigError("store.url: names no file, expected sqlite:////absolute/path/of/the/file")
    return Path(parsed.database or "").absolute()
