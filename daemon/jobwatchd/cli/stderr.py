"""What commands say on standard error: it neither holds a command up nor decides how it ends."""

import sys
from contextlib import suppress
from threading import Thread
from typing import TextIO

# A pipe that somebody reads takes a line at once.
PATIENCE_S = 1.0


def tell(text: str) -> None:
    """Write lines to standard error; what nobody takes within a second is left behind."""
    # On a thread, since a pipe that is full blocks whoever writes to it, and shares that setting with other programs.
    writer = Thread(target=_write, args=(sys.stderr, text), daemon=True)
    writer.start()
    writer.join(PATIENCE_S)


def _write(stream: TextIO, text: str) -> None:
    with suppress(OSError, ValueError):
        stream.write(f"{text.removesuffix(chr(10))}\n")
        stream.flush()
