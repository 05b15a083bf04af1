"""What a failure of SQLite or of the system means: whether it passes, and what the person in charge can do about it.

What cannot be had for now is waited for: a lock, room, memory, an open file, a disk that answers, a file system that
was remounted read-only. What says that the file's content is wrong, or what we ask of it, does not pass. Neither does,
for all we know, what is not listed here: a restart says it again, where waiting would say nothing for ever.
"""

import errno
import os
import sqlite3
from pathlib import Path

from jobwatchd.errors import StoreBusy, StoreError, StoreFull, StoreUnavailable, StoreUnusable

# SQLite needs 32 KiB beside the file before it writes anything.
LEAST_FREE_BYTES = 64 * 1024

_Verdict = tuple[type[StoreError], str]
_LOCKED: _Verdict = (StoreBusy, "is locked by another process; stop that process, or let it finish")
_FULL: _Verdict = (StoreFull, "cannot grow because the disk is full; free some space")
_UNWRITABLE: _Verdict = (
    StoreUnavailable,
    "cannot be written; make it and its folder writable for the user that jobwatchd runs as",
)
_DAMAGED: _Verdict = (StoreUnusable, "is damaged; restore it from a backup, or recover it with `sqlite3 FILE .recover`")
_REMOVED: _Verdict = (StoreUnusable, "was removed or replaced while in use; restart jobwatchd")
_UNOPENED: _Verdict = (
    StoreUnavailable,
    "cannot be opened; see that its folder is writable, and how many files may be open",
)
_FAILING: _Verdict = (
    StoreUnavailable,
    "cannot be read or written; see the system's log for what is wrong with the disk, and whether a quota is used up",
)
_NO_MEMORY: _Verdict = (StoreUnavailable, "needs more memory than there is")
_UNKNOWN: _Verdict = (StoreUnusable, "cannot be used")

_CODES: dict[int, _Verdict] = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: _UNOPENED,
    sqlite3.SQLITE_IOERR: _FAILING,
    sqlite3.SQLITE_NOLFS: _FAILING,
    sqlite3.SQLITE_ABORT: _FAILING,
    sqlite3.SQLITE_INTERRUPT: _FAILING,
    sqlite3.SQLITE_NOMEM: _NO_MEMORY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: (StoreUnusable, "is not a SQLite database; name another file, or move this one away"),
}
# Extended codes that mean something else than the primary code in their lowest byte; by number, because an older
# library does not name them all: SQLITE_READONLY_DBMOVED, SQLITE_IOERR_DATA, SQLITE_IOERR_CORRUPTFS.
_EXTENDED_CODES = {1032: _REMOVED, 8202: _DAMAGED, 8458: _DAMAGED}
_ERRNOS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EACCES: _UNWRITABLE,
    errno.EPERM: _UNWRITABLE,
    errno.EROFS: _UNWRITABLE,
    errno.EMFILE: _UNOPENED,
    errno.ENFILE: _UNOPENED,
    errno.ENOMEM: _NO_MEMORY,
    errno.EIO: _FAILING,
    errno.EAGAIN: _FAILING,
    errno.EINTR: _FAILING,
    errno.ESTALE: _FAILING,
    errno.ETIMEDOUT: _FAILING,
    errno.ENOLCK: _FAILING,
}


def fault(path: Path, error: BaseException, *, starting: bool = False) -> StoreError:
    """Return what an error about the database at `path` means, in one sentence.

    A file that may not be written is waited for while running, since it could be written before. At the start it is a
    mistake in the set-up, as a rule, and says so at once: `StoreUnusable`.
    """
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError):
        verdict = _ERRNOS.get(cause.errno or 0, _UNKNOWN if starting else _FAILING)
        detail = f"{cause.strerror}: {cause.filename}"
    elif isinstance(cause, MemoryError):  # so the sqlite3 module tells SQLITE_NOMEM
        verdict, detail = _NO_MEMORY, "out of memory"
    else:
        code = getattr(cause, "sqlite_errorcode", None) or 0
        verdict = _EXTENDED_CODES.get(code) or _CODES.get(code & 0xFF, _UNKNOWN)
        detail = " ".join(str(cause).split())
    if verdict in (_FAILING, _UNOPENED) and _is_full(path):
        # So it is told where the memory shared between readers and writer could not be made.
        verdict = _FULL
    kind, advice = verdict
    if starting and (verdict == _UNWRITABLE or (verdict == _UNOPENED and not os.access(path.parent, os.W_OK))):
        kind = StoreUnusable
    return kind(f"store {path} {advice} ({detail})")


def damage(path: Path, finding: str) -> StoreUnusable:
    """Return what a failed check of the content means."""
    return StoreUnusable(f"store {path} {_DAMAGED[1]} ({' '.join(finding.split())})")


def removal(path: Path) -> StoreUnusable:
    """Return what it means that the file is not the one that was opened."""
    return StoreUnusable(f"store {path} {_REMOVED[1]}")


def _is_full(path: Path) -> bool:
    try:
        status = os.statvfs(path.parent)
    except OSError:
        return False
    return status.f_bavail * status.f_frsize < LEAST_FREE_BYTES
