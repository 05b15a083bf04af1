"""Where lines of the log go, and a place for commands that somebody watches."""

import os
from collections.abc import Callable, Mapping
from typing import Protocol, TextIO


class Output(Protocol):
    """Takes lines of the log, one at a time, and never raises."""

    is_terminal: bool
    tell_dropped: Callable[[int], str] | None
    """Makes a line of how many were dropped, for outputs that drop any."""

    def write(self, line: str) -> None:
        """Write one line, which may be several to whoever reads it."""

    def is_journal(self, env: Mapping[str, str]) -> bool:
        """Whether it is systemd's journal that reads."""


class StreamOutput:
    """Writes to a stream at once, and waits for it; implements `Output`."""

    tell_dropped: Callable[[int], str] | None

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_terminal = stream.isatty()
        self.tell_dropped = None

    def write(self, line: str) -> None:
        """Write one line; one that nobody reads any more is lost, rather than the command."""
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

    def is_journal(self, env: Mapping[str, str]) -> bool:
        """Whether the stream is connected to the journal."""
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):
            return False  # it has no file behind it, or is closed
        return is_journal(descriptor, env)


def is_journal(descriptor: int, env: Mapping[str, str]) -> bool:
    """Whether a descriptor is connected to systemd's journal; see `$JOURNAL_STREAM` in systemd.exec(5)."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return env.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
