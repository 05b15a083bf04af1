"""How many files the process may have open: each poll, webhook and client of the API is one."""

import contextlib
import resource

# More than anything here needs; some systems allow a billion, for which a library might make room.
ENOUGH = 65_536


def raise_open_files() -> None:
    """Allow as many open files as the system lets us, where that is more than now: often 1024 until somebody asks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a sandbox may forbid it; then it is as it was
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
