"""The log sink: one structured line an event."""

import os
import select
import stat
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
        self._logger = logger
        # It flushes every line and raises what goes wrong, and shares a lock with other loggers of the same stream.
        self._output = structlog.WriteLogger(stream)
        self._poll = _poll(stream)
        # One at a time, in a thread: whoever does not read our stderr must not hold up the event loop.
        self._writer = anyio.CapacityLimiter(1)

    async def send(self, event: Event) -> None:
        """Write the line; returning means that it has left the process.

        Raises `SinkUnavailable` where it cannot be written: a closed pipe, a full disk.
        """
        line: str = self._logger.info(event.type.value, id=event.id, **event_data(event))
        try:
            if self._has_room(line):
                self._output.msg(line)
                # A backlog of lines must not keep others from their turn. Shielded, because this line was taken.
                await anyio.lowlevel.cancel_shielded_checkpoint()
            else:
                await anyio.to_thread.run_sync(self._output.msg, line, abandon_on_cancel=True, limiter=self._writer)
        except (OSError, ValueError) as exc:
            raise SinkUnavailable(f"the log cannot be written: {exc}") from exc

    async def close(self) -> None:
        """Do nothing: every line is flushed when it is written, and the stream belongs to whoever made it."""

    def _has_room(self, line: str) -> bool:
        """Whether the line can be written without waiting, which saves the way to the thread and back.

        A pipe that can be written takes PIPE_BUF bytes at once, a socket more, and a file does not wait for readers.
        """
        return (
            self._poll is not None
            and len(line.encode(errors="replace")) < select.PIPE_BUF
            and not self._writer.borrowed_tokens
            and [state for _, state in self._poll.poll(0)] == [select.POLLOUT]
        )


def _poll(stream: TextIO) -> "select.poll | None":
    try:
        descriptor = stream.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError):
        return None  # it has no file behind it, or is closed
    if not any(is_kind(mode) for is_kind in POLLED):
        return None
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return poll
