"""What is printed while the daemon runs: lines of its log."""

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from structlog.typing import FilteringBoundLogger


class LoggedStream(io.TextIOBase):
    """Makes each line that is written a line of the log: what a library prints must hold up nobody, either."""

    def __init__(self, logger: FilteringBoundLogger) -> None:
        self._logger = logger
        self._begun = ""

    def writable(self) -> bool:
        """Return that it can be."""
        return True

    def write(self, text: str) -> int:
        """Log what has come to the end of a line."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if line.strip():
                self._logger.warning("library.output", message=line)
        return len(text)


@contextmanager
def logged_streams(logger: FilteringBoundLogger) -> Iterator[None]:
    """Have what is printed, and what nobody catches in a thread or a destructor, logged; until the end."""
    before: tuple[TextIO, TextIO] = sys.stdout, sys.stderr
    hooks = threading.excepthook, sys.unraisablehook

    def thread_failed(args: threading.ExceptHookArgs) -> None:
        name = "" if args.thread is None else args.thread.name
        logger.error("thread.failed", thread=name, error=args.exc_type.__name__, exc_info=args.exc_value)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        logger.error("error.ignored", where=repr(args.object), error=args.exc_type.__name__, exc_info=args.exc_value)

    sys.stdout = sys.stderr = LoggedStream(logger)
    threading.excepthook, sys.unraisablehook = thread_failed, unraisable
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        threading.excepthook, sys.unraisablehook = hooks
