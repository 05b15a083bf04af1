"""The connections of a store: one that writes, several that read, and every failure told as a `StoreError`.

What is said in SQL stands in plain functions that take a connection. Each runs as a whole in a worker thread: one
change of threads for a transaction, where an asynchronous driver makes one for each of its thirty or so calls, at
several times the cost. (For PostgreSQL, `AsyncConnection.run_sync` runs the same functions on the loop.)
"""

import sqlite3
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import anyio
from anyio.to_thread import run_sync
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from jobwatchd.errors import StoreBusy, StoreUnusable
from jobwatchd.stores.schema import sources, upgrade
from jobwatchd.stores.sqlite import READERS, SqliteFile
from jobwatchd.stores.sqlite_faults import fault

P = ParamSpec("P")
T = TypeVar("T")

_FAILURES = (SQLAlchemyError, sqlite3.Error, OSError, MemoryError)
_WRITER, _READERS = 0, 1


class Database:
    """A database that is open between `open` and `close`; writes are made one after the other, reads beside them.

    A caller that is cancelled waits for the end of its transaction first, which happens whole or not at all.
    """

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._engines: tuple[Engine, Engine] | None = None
        self._writers = anyio.CapacityLimiter(1)
        self._readers = anyio.CapacityLimiter(READERS)

    async def open(self) -> None:
        """Take the file, look for damage, bring the schema up to date; raises a `StoreError` and leaves nothing."""
        await run_sync(self._open, limiter=self._writers)

    async def close(self) -> None:
        """Close all connections and let others have the file; may be called again."""
        with anyio.CancelScope(shield=True):
            await run_sync(self._close, limiter=self._writers)

    async def check(self) -> None:
        """See that the file is still there and not locked, and read from it; nothing goes to the disk."""
        await self.write(_read_a_little)
        await self.read(_read_a_little)

    async def write(self, speak: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `speak` does in a transaction that is committed at its end, and undone on any error."""

        def transact(engine: Engine) -> T:
            # Two statements on purpose: a file that is gone would take the transaction, and lose it.
            self._file.confirm()
            with engine.begin() as connection:
                return speak(connection, *args, **kwargs)

        return await run_sync(self._use, _WRITER, transact, limiter=self._writers)

    async def read(self, ask: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `ask` finds among what was committed."""

        def look(engine: Engine) -> T:
            with engine.connect() as connection:
                return ask(connection, *args, **kwargs)

        return await run_sync(self._use, _READERS, look, limiter=self._readers)

    def _use(self, index: int, work: Callable[[Engine], T]) -> T:
        if self._engines is None:
            raise StoreUnusable(f"store {self._file.path} is not open")
        engine = self._engines[index]
        try:
            return work(engine)
        except _FAILURES as exc:
            found = fault(self._file.path, exc)
            if not isinstance(found, StoreBusy):
                # A connection that has met a full or failing disk is not relied on any more; the next call opens one.
                engine.dispose()
            raise found from exc

    def _open(self) -> None:
        self._file.acquire()
        self._engines = (self._file.writer(), self._file.readers())
        try:
            # The whole of it under the write lock: a database that cannot be written is told now, and no two
            # processes migrate at once.
            with self._engines[_WRITER].begin() as connection:
                self._file.verify(connection)
                upgrade(connection)
        except _FAILURES as exc:
            self._close()
            raise fault(self._file.path, exc, starting=True) from exc
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        engines, self._engines = self._engines, None
        for engine in engines or ():
            engine.dispose()
        self._file.release()


def _read_a_little(connection: Connection) -> None:
    connection.execute(select(sources.c.name).limit(1))
