"""All that is true of SQLite only: its files, locks and pragmas; what its errors mean stands in `sqlite_faults`."""

import fcntl
import os
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from jobwatchd.errors import StoreUnusable
from jobwatchd.stores.schema import VERSION_TABLE
from jobwatchd.stores.sqlite_faults import damage, fault, removal

READERS = 4
# Reading through a file of this size takes about a second; a larger one is not checked as a whole at every start.
# SQLite still notices damage in whatever it reads later.
CHECKED_BYTES = 512 * 1024 * 1024
# After a burst the log file shrinks again.
WAL_BYTES = 64 * 1024 * 1024


_Identity = tuple[int, int]


class SqliteFile:
    """A SQLite database file that this process alone uses as a store, and the engines to it.

    `busy_timeout_s` is how long a statement waits for another program that locks the file, such as a backup.
    """

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self.path = path
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._busy_timeout_s = busy_timeout_s
        self._lock_fd: int | None = None
        self._lock_file: _Identity | None = None
        self._file: _Identity | None = None
        # SQLite makes them when they are needed, and keeps them while any connection is open.
        self._beside: dict[Path, _Identity | None] = {}

    def acquire(self) -> None:
        """Take the file for this process, creating it where it is missing; raises a `StoreError`."""
        try:
            self._lock()
            # Not left to SQLite, which would let everybody read it. Its log files get the same mode as the file.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._file = _identity(self.path)
        except FileNotFoundError as exc:
            raise StoreUnusable(f"store {self.path}: the folder {self.path.parent} does not exist; create it") from exc
        except OSError as exc:
            self.release()
            raise fault(self.path, exc, starting=True) from exc

    def release(self) -> None:
        """Let others have the file; its lock file stays, since removing it could race with the next holder."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def confirm(self) -> None:
        """See that the files are still there: SQLite writes on into one that was removed, and all of that is lost.

        A lock file that was removed keeps nobody out, and is made anew; raises `StoreUnusable` where somebody was
        faster, and OSError.
        """
        if _identity(self.path) != self._file:
            raise removal(self.path)
        for path, known in self._beside.items():
            found = _identity(path)
            if known not in (None, found):
                raise removal(path)
            self._beside[path] = found
        if _identity(self._lock_path) != self._lock_file:
            self._lock()

    def _lock(self) -> None:
        fd = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            os.close(fd)
            raise StoreUnusable(
                f"another jobwatchd is using {self.path} (it holds {self._lock_path}); stop it, or name another file"
            ) from exc
        except OSError:
            os.close(fd)
            raise
        self.release()
        self._lock_fd, self._lock_file = fd, _identity(self._lock_path)

    def writer(self) -> Engine:
        """Return the engine with the one connection that writes."""
        engine = self._engine(pool_size=1)
        event.listen(engine, "connect", self._prepare_writer)
        event.listen(engine, "close", self._forget_beside)
        event.listen(engine, "begin", _begin_immediate)
        return engine

    def readers(self) -> Engine:
        """Return the engine whose connections only read, each statement by itself; they never hold up the writer."""
        engine = self._engine(pool_size=READERS, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)
        event.listen(engine, "connect", _prepare_reader)
        return engine

    def verify(self, connection: Connection) -> None:
        """Look for damage, and for the tables of another program; raises `StoreUnusable`."""
        if self.path.stat().st_size <= CHECKED_BYTES:
            finding = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if finding != "ok":
                raise damage(self.path, finding)
        tables = inspect(connection).get_table_names()
        if tables and VERSION_TABLE not in tables:
            raise StoreUnusable(
                f"store {self.path} is the database of another program (it has a table {tables[0]!r}); name another"
            )

    def _prepare_writer(self, connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # FULL: a commit is on the disk before it is acknowledged, also when the power goes.
        _run(connection, "journal_mode=WAL", "synchronous=FULL", f"journal_size_limit={WAL_BYTES}")
        self._beside = {self.path.with_name(f"{self.path.name}{end}"): None for end in ("-wal", "-shm")}

    def _forget_beside(self, _connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The last connection takes the files with it, and a reader may make others before there is a writer again.
        self._beside = {}

    def _engine(self, pool_size: int, **options: object) -> Engine:
        return create_engine(
            URL.create("sqlite", database=str(self.path)),
            # None: the sqlite3 module begins no transactions of its own; `_begin_immediate` does.
            connect_args={"timeout": self._busy_timeout_s, "isolation_level": None},
            pool_size=pool_size,
            max_overflow=0,
            hide_parameters=True,
            **options,
        )


def _identity(path: Path) -> _Identity | None:
    """Return which file is at a path, None for none; raises OSError where that cannot be told."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (status.st_dev, status.st_ino)


def _prepare_reader(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    _run(connection, "query_only=ON")


def _run(connection: DBAPIConnection, *pragmas: str) -> None:
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # Taking the lock at once: a transaction that reads first and writes later could find that it may not.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
