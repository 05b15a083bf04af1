"""Where lines of the log go."""

import os
from collections.abc import Callable, Mapping
from typing import Protocol


class Output(Protocol):
    """Takes lines of the log, one at a time, and never raises."""

    is_terminal: bool
    tell_dropped: Callable[[int], str] | None
    """Makes a line of how many were dropped, for outputs that drop any."""

    def write(self, line: str) -> None:
        """Write one line, which may be several to whoever reads it."""

    def is_journal(self, env: Mapping[str, str]) -> bool:
        """Whether it is systemd's journal that reads."""


def is_journal(descriptor: int, env: Mapping[str, str]) -> bool:
    """Whether a descriptor is connected to systemd's journal; see `$JOURNAL_STREAM` in systemd.exec(5)."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return env.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
