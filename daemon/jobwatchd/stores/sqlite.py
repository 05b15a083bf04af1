"""All that is true of SQLite only: its files, locks and pragmas, and what its errors mean for the person in charge."""

import errno
import fcntl
import os
import sqlite3
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from jobwatchd.errors import StoreUnavailable
from jobwatchd.stores.migrate import VERSION_TABLE

READERS = 4
# Reading through a file of this size takes about a second; a larger one is not checked as a whole at every start.
# SQLite still notices damage in whatever it reads later.
CHECKED_BYTES = 512 * 1024 * 1024
# After a burst the log file shrinks again.
WAL_BYTES = 64 * 1024 * 1024
# SQLite needs 32 KiB beside the file before it writes anything.
LEAST_FREE_BYTES = 64 * 1024

_ADVICE = {
    sqlite3.SQLITE_BUSY: "is locked by another process; stop that process, or let it finish",
    sqlite3.SQLITE_LOCKED: "is locked by another process; stop that process, or let it finish",
    sqlite3.SQLITE_READONLY: "cannot be written; make it and its folder writable for the user that jobwatchd runs as",
    sqlite3.SQLITE_PERM: "may not be opened; make it and its folder writable for the user that jobwatchd runs as",
    sqlite3.SQLITE_FULL: "cannot grow because the disk is full; free some space",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore it from a backup, or recover it with `sqlite3 FILE .recover`",
    sqlite3.SQLITE_NOTADB: "is not a SQLite database; name another file, or move this one away",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; see that its folder exists and is writable for jobwatchd",
    sqlite3.SQLITE_IOERR: "cannot be read or written; see the system's log for what is wrong with the disk",
}
_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}


class SqliteFile:
    """A SQLite database file that this process alone uses as a store, and the engines to it.

    `busy_timeout_s` is how long a statement waits for another program that locks the file, such as a backup.
    """

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self.path = path
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._busy_timeout_s = busy_timeout_s
        self._lock_fd: int | None = None
        self._inode: tuple[int, int] | None = None

    def acquire(self) -> None:
        """Take the file for this process, creating it where it is missing; raises `StoreUnavailable`."""
        try:
            self._lock_fd = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Not left to SQLite, which would let everybody read it. Its log files get the same mode as the file.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except BlockingIOError as exc:
            self.release()
            msg = f"another jobwatchd is using {self.path} (it holds {self._lock_path}); stop it, or name another file"
            raise StoreUnavailable(msg) from exc
        except FileNotFoundError as exc:
            msg = f"store {self.path}: the folder {self.path.parent} does not exist; create it"
            raise StoreUnavailable(msg) from exc
        except OSError as exc:
            self.release()
            raise StoreUnavailable(self.explain(exc)) from exc
        self._inode = self._identity()

    def release(self) -> None:
        """Let others have the file; its lock file stays, since removing it could race with the next holder."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def confirm(self) -> None:
        """See that the file is still there: SQLite writes on into one that was removed, and all of that is lost."""
        if self._identity() != self._inode:
            msg = f"store {self.path} was removed or replaced while in use; restart jobwatchd"
            raise StoreUnavailable(msg)

    def writer(self) -> Engine:
        """Return the engine with the one connection that writes."""
        engine = self._engine(pool_size=1)
        event.listen(engine, "connect", _prepare_writer)
        event.listen(engine, "begin", _begin_immediate)
        return engine

    def readers(self) -> Engine:
        """Return the engine whose connections only read, each statement by itself; they never hold up the writer."""
        engine = self._engine(pool_size=READERS, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)
        event.listen(engine, "connect", _prepare_reader)
        return engine

    def verify(self, connection: Connection) -> None:
        """Look for damage, and for the tables of another program; raises `StoreUnavailable`."""
        if self.path.stat().st_size <= CHECKED_BYTES:
            finding = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if finding != "ok":
                msg = f"store {self.path} {_ADVICE[sqlite3.SQLITE_CORRUPT]} ({' '.join(finding.split())})"
                raise StoreUnavailable(msg)
        tables = inspect(connection).get_table_names()
        if tables and VERSION_TABLE not in tables:
            msg = f"store {self.path} is the database of another program (it has a table {tables[0]!r}); name another"
            raise StoreUnavailable(msg)

    def explain(self, error: BaseException) -> str:
        """Return one sentence: which file, what is wrong with it, what to do."""
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, OSError):
            code = sqlite3.SQLITE_READONLY if cause.errno in _UNWRITABLE else None
            code = sqlite3.SQLITE_FULL if cause.errno == errno.ENOSPC else code
            detail = f"{cause.strerror}: {cause.filename}"
        else:
            # The primary code; the rest of the extended one says where in SQLite it came up.
            code = (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF
            detail = " ".join(str(cause).split())
        if code == sqlite3.SQLITE_IOERR and self._is_disk_full():
            # So it is told where the memory shared between readers and writer could not be made.
            code = sqlite3.SQLITE_FULL
        advice = _ADVICE.get(code or 0, "cannot be used")
        return f"store {self.path} {advice} ({detail})"

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

    def _is_disk_full(self) -> bool:
        try:
            status = os.statvfs(self.path.parent)
        except OSError:
            return False
        return status.f_bavail * status.f_frsize < LEAST_FREE_BYTES

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return (status.st_dev, status.st_ino)


def _prepare_writer(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # FULL: a commit is on the disk before it is acknowledged, also when the power goes.
    _run(connection, "journal_mode=WAL", "synchronous=FULL", f"journal_size_limit={WAL_BYTES}")


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
