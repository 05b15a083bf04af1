"""The log sink: one structured line an event."""

import os
import select
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

import anyio
import anyio.lowlevel
import anyio.to_thread
import structlog
from structlog.typing import FilteringBoundLogger

from jobwatchd.errors import SinkUnavailable
from jobwatchd.model.event import Event
from jobwatchd.sinks.event_data import event_data

# The kinds of files of which `poll` says whether a line can be written at once; a terminal's room may be less than one.
POLLED = (stat.S_ISREG, stat.S_ISFIFO, stat.S_ISSOCK)


class LogSink:
    """Writes each event as one line at level info; implements `ports.Sink`.

    The line's event is the event's type (`job.succeeded`), followed by `id` and the fields told in `event_data`, always
    the same in the same order, null where unknown. `logger` must let info pass, and return its lines (structlog's
    `ReturnLogger`); they are written to `stream`.
    """

    durable = True

    def __init__(self, name: str, logger: FilteringBoundLogger, stream: TextIO) -> None:
        self.name = name
        self._batch: _Batch | None = None
        self._logger = logger
        # It flushes every line and raises what goes wrong, and shares a lock with other loggers of the same stream.
        self._output = structlog.WriteLogger(stream)
        self._poll, self._room = _poll(stream)
        # One at a time, in a thread: whoever does not read our stderr must not hold up the event loop.
        self._writer = anyio.CapacityLimiter(1)

    async def send(self, event: Event) -> None:
        """Write the line; returning means that it has left the process.

        Raises `SinkUnavailable` where it cannot be written: a closed pipe, a full disk.
        """
        line: str = self._logger.info(event.type.value, id=event.id, **event_data(event))
        batch, number = self._batch, 0
        if batch is not None:
            number = len(batch.lines)
            batch.lines.append(line)
            await batch.over.wait()
        else:
            batch = self._batch = _Batch([line])
            await self._finish(batch)
        if number >= batch.written:
            raise SinkUnavailable(f"the log cannot be written: {batch.error}") from batch.error

    async def close(self) -> None:
        """Do nothing: every line is flushed when it is written, and the stream belongs to whoever made it."""

    async def _finish(self, batch: "_Batch") -> None:
        """Write the line that a batch begins with, and those that come while others have their turn."""
        try:
            # Shielded, because lines were taken. A write costs as much as it takes to make a line.
            await anyio.lowlevel.cancel_shielded_checkpoint()
            self._batch = None
            for lines, size in _pieces(batch.lines, self._room):
                text = "\n".join(lines)
                if self._has_room(size):
                    self._output.msg(text)
                else:
                    await anyio.to_thread.run_sync(self._output.msg, text, abandon_on_cancel=True, limiter=self._writer)
                batch.written += len(lines)
        except (OSError, ValueError) as exc:
            batch.error = exc
        except BaseException:
            batch.error = InterruptedError("the daemon is stopping")
            raise
        finally:
            batch.over.set()

    def _has_room(self, size: int) -> bool:
        """Whether so many bytes can be written without waiting, which saves the way to the thread and back."""
        return (
            self._poll is not None
            and size <= self._room
            and not self._writer.borrowed_tokens
            and [state for _, state in self._poll.poll(0)] == [select.POLLOUT]
        )


@dataclass(slots=True)
class _Batch:
    """Lines that are written together; once it is `over`, how many were `written`, and the `error` of the others."""

    lines: list[str]
    over: anyio.Event = field(default_factory=anyio.Event)
    written: int = 0
    error: Exception | None = None


def _pieces(lines: Sequence[str], room: int) -> Iterator[tuple[Sequence[str], int]]:
    """Yield the lines, as many together as there is room for, and their bytes; one that is too long comes alone."""
    together: list[str] = []
    size = 0
    for line in lines:
        more = len(line.encode(errors="replace")) + 1  # with the end of the line
        if together and size + more > room:
            yield together, size
            together, size = [], 0
        together.append(line)
        size += more
    yield together, size


def _poll(stream: TextIO) -> "tuple[select.poll | None, int]":
    """Return what tells whether the stream can be written, and how much it takes at once when it can.

    That is PIPE_BUF bytes for a pipe and more for a socket; a file does not wait for readers.
    """
    try:
        descriptor = stream.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError):
        return None, 0  # it has no file behind it, or is closed
    if not any(is_kind(mode) for is_kind in POLLED):
        return None, 0
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return poll, sys.maxsize if stat.S_ISREG(mode) else select.PIPE_BUF
