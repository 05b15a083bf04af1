"""Standard output and standard error: what becomes of a command whose output cannot be written."""

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any, TextIO

import click

from jobwatchd.cli.status import ExitStatus

STDOUT = 1
# Longer than a busy reader takes, shorter than a script's patience.
STDOUT_PATIENCE_S = 5.0
STDERR = 2
# A pipe that somebody reads takes a line at once.
STDERR_PATIENCE_S = 1.0
# That of an error, as sd-daemon(3) has it.
PRIORITY = "<3>"


class OutputError(Exception):
    """Standard output takes no more."""


class OutputClosed(OutputError):
    """Whoever read standard output has gone, as `head` does when it has enough."""


class OutputFailed(OutputError):
    """Standard output cannot be written; the text is the system's reason."""


def guard_stdout() -> None:
    """Have every failed write to standard output raise an `OutputError`, which nothing else raises.

    An `OSError` could come from anywhere. Letters that the terminal's encoding does not have are written as escapes.
    """
    old = sys.stdout
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Guarded(STDOUT, "wb", closefd=False)),
        encoding=old.encoding,
        errors="backslashreplace",
        line_buffering=bool(old.line_buffering),
    )


@contextmanager
def spare_output() -> Iterator[None]:
    """Leave the block where output cannot be written, for commands whose exit status is what counts.

    What they write afterwards is lost, too.
    """
    try:
        yield
        sys.stdout.flush()
    except OutputError as exc:
        if isinstance(exc, OutputFailed):
            tell(f"jobwatchd: standard output cannot be written: {exc}.")
        raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
        if isinstance(raw, _Guarded):
            raw.is_given_up = True


def tell_result(text: str | bytes) -> None:
    """Write a short result to standard output; what nobody takes in five seconds is left behind, and that is told.

    For a command that somebody waits for because of its status.
    """

    def write() -> None:
        with spare_output():
            click.echo(text)

    # On a thread, since a pipe that is full blocks whoever writes to it, and shares that setting with other programs.
    writer = Thread(target=write, daemon=True)
    writer.start()
    writer.join(STDOUT_PATIENCE_S)
    if writer.is_alive():
        tell("jobwatchd: nobody reads standard output.")


def end_when_unread() -> None:
    """End the process as soon as nobody reads its standard output any more: the next line may be hours away."""

    def watch() -> None:
        poll = select.poll()
        poll.register(STDOUT, select.POLLERR)
        if any(what & select.POLLERR for _, what in poll.poll()):
            os._exit(ExitStatus.OK)

    Thread(target=watch, daemon=True).start()


class _Guarded(io.FileIO):
    is_given_up = False

    def write(self, data: Any, /) -> int:
        if self.is_given_up:
            return memoryview(data).nbytes
        try:
            while (written := super().write(data)) is None:
                select.select([], [self], [])  # set not to block by somebody who shares it
        except BrokenPipeError as exc:
            raise OutputClosed from exc
        except OSError as exc:
            raise OutputFailed(exc.strerror) from exc
        return written


def tell(text: str) -> None:
    """Write lines to standard error, with a priority for the journal; what nobody takes in a second is left behind."""
    if _is_journal():
        text = "\n".join(PRIORITY + line for line in text.removesuffix("\n").split("\n"))
    # On a thread, since a pipe that is full blocks whoever writes to it, and shares that setting with other programs.
    writer = Thread(target=_write, args=(sys.stderr, text), daemon=True)
    writer.start()
    writer.join(STDERR_PATIENCE_S)


def _write(stream: TextIO, text: str) -> None:
    with suppress(OSError, ValueError):
        stream.write(f"{text.removesuffix(chr(10))}\n")
        stream.flush()


def _is_journal() -> bool:
    if "JOURNAL_STREAM" not in os.environ:
        return False
    from jobwatchd.logs.output import is_journal  # noqa: PLC0415 - a health check should not load what it seldom needs

    return is_journal(STDERR, os.environ)
