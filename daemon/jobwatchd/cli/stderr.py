"""What commands say on standard error: it neither holds a command up nor decides how it ends."""

import os
import sys
from contextlib import suppress
from threading import Thread
from typing import TextIO

STDERR = 2
# A pipe that somebody reads takes a line at once.
PATIENCE_S = 1.0
# That of an error, as sd-daemon(3) has it.
PRIORITY = "<3>"


def tell(text: str) -> None:
    """Write lines to standard error, with a priority for the journal; what nobody takes in a second is left behind."""
    if _is_journal():
        text = "\n".join(PRIORITY + line for line in text.removesuffix("\n").split("\n"))
    # On a thread, since a pipe that is full blocks whoever writes to it, and shares that setting with other programs.
    writer = Thread(target=_write, args=(sys.stderr, text), daemon=True)
    writer.start()
    writer.join(PATIENCE_S)


def _write(stream: TextIO, text: str) -> None:
    with suppress(OSError, ValueError):
        stream.write(f"{text.removesuffix(chr(10))}\n")
        stream.flush()


def _is_journal() -> bool:
    if "JOURNAL_STREAM" not in os.environ:
        return False
    from jobwatchd.logs.output import is_journal  # noqa: PLC0415 - a health check should not load what it seldom needs

    return is_journal(STDERR, os.environ)
