"""Which failures of a database pass, and which do not."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from jobwatchd.errors import StoreBusy, StoreError, StoreFull, StoreUnavailable, StoreUnusable
from jobwatchd.stores import sqlite_faults
from jobwatchd.stores.sqlite_faults import fault

READONLY_DBMOVED = 1032
IOERR_CORRUPTFS = 8458


def sqlite_error(code: int, text: str = "what SQLite says") -> sqlite3.Error:
    """Return an error as the sqlite3 module raises it."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def system_error(number: int, path: Path) -> OSError:
    """Return an error as the system gives it."""
    return OSError(number, os.strerror(number), str(path))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, StoreBusy),
        (sqlite3.SQLITE_BUSY_RECOVERY, StoreBusy),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreBusy),
        (sqlite3.SQLITE_LOCKED, StoreBusy),
        (sqlite3.SQLITE_PROTOCOL, StoreBusy),
        (sqlite3.SQLITE_FULL, StoreFull),
        (sqlite3.SQLITE_IOERR_WRITE, StoreUnavailable),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable),
        (sqlite3.SQLITE_READONLY, StoreUnavailable),
        (sqlite3.SQLITE_READONLY_CANTLOCK, StoreUnavailable),
        (sqlite3.SQLITE_NOMEM, StoreUnavailable),
        (sqlite3.SQLITE_CORRUPT, StoreUnusable),
        (sqlite3.SQLITE_CORRUPT_INDEX, StoreUnusable),
        (sqlite3.SQLITE_NOTADB, StoreUnusable),
        (READONLY_DBMOVED, StoreUnusable),
        (IOERR_CORRUPTFS, StoreUnusable),
        (sqlite3.SQLITE_ERROR, StoreUnusable),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, StoreUnusable),
        (12_345, StoreUnusable),
    ],
)
def test_what_sqlite_says_is_waited_for_or_not(tmp_path: Path, code: int, kind: type[StoreError]) -> None:
    """Locks, room, memory and the disk pass; damage, a table that is missing and what nobody has heard of do not."""
    found = fault(tmp_path / "store.db", sqlite_error(code))
    assert type(found) is kind
    assert str(found).startswith(f"store {tmp_path}/store.db ")
    assert str(found).endswith("(what SQLite says)")


@pytest.mark.parametrize(
    ("number", "running", "starting"),
    [
        (errno.ENOSPC, StoreFull, StoreFull),
        (errno.EDQUOT, StoreFull, StoreFull),
        (errno.EFBIG, StoreFull, StoreFull),
        (errno.EMFILE, StoreUnavailable, StoreUnavailable),
        (errno.EIO, StoreUnavailable, StoreUnavailable),
        (errno.ESTALE, StoreUnavailable, StoreUnavailable),
        (errno.EROFS, StoreUnavailable, StoreUnusable),
        (errno.EACCES, StoreUnavailable, StoreUnusable),
        (errno.EISDIR, StoreUnavailable, StoreUnusable),
    ],
)
def test_what_the_system_says_is_judged_by_the_stage_of_life(
    tmp_path: Path, number: int, running: type[StoreError], starting: type[StoreError]
) -> None:
    """A file that could be written before may be again; one that never could is a mistake in the set-up."""
    error = system_error(number, tmp_path / "store.db")
    assert type(fault(tmp_path / "store.db", error)) is running
    assert type(fault(tmp_path / "store.db", error, starting=True)) is starting


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_CANTOPEN])
def test_a_failure_on_a_full_disk_is_told_as_that(tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite does not always know why it could not write."""
    monkeypatch.setattr(sqlite_faults, "LEAST_FREE_BYTES", 2**63)
    found = fault(tmp_path / "store.db", sqlite_error(code))
    assert type(found) is StoreFull
    assert "the disk is full; free some space" in str(found)


def test_a_database_that_may_not_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    """Nobody would look for a wrong mode behind a daemon that waits."""
    found = fault(tmp_path / "store.db", sqlite_error(sqlite3.SQLITE_READONLY), starting=True)
    assert type(found) is StoreUnusable
    assert "cannot be written; make it and its folder writable" in str(found)


def test_too_little_memory_passes(tmp_path: Path) -> None:
    """The sqlite3 module tells it as a MemoryError."""
    found = fault(tmp_path / "store.db", MemoryError())
    assert type(found) is StoreUnavailable
    assert str(found) == f"store {tmp_path}/store.db needs more memory than there is (out of memory)"
