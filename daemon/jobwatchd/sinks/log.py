"""The log sink: one structured line an event."""

from functools import partial

import anyio
import anyio.to_thread
from structlog.typing import FilteringBoundLogger

from jobwatchd.errors import SinkUnavailable
from jobwatchd.model.event import Event
from jobwatchd.sinks.event_data import event_data


class LogSink:
    """Writes each event as one line at level info; implements `ports.Sink`.

    The line's event is the event's type (`job.succeeded`), followed by `id` and the fields told in `event_data`, always
    the same in the same order, null where unknown. `logger` must let info pass, and end in one of structlog's own
    output loggers (`WriteLogger` and its like): those flush every line and raise what goes wrong, where the standard
    library's handlers swallow it.
    """

    durable = True

    def __init__(self, name: str, logger: FilteringBoundLogger) -> None:
        self.name = name
        self._logger = logger
        # One at a time, in a thread: whoever does not read our stderr must not hold up the event loop.
        self._writer = anyio.CapacityLimiter(1)

    async def send(self, event: Event) -> None:
        """Write the line; returning means that it has left the process.

        Raises `SinkUnavailable` where it cannot be written: a closed pipe, a full disk.
        """
        write = partial(self._logger.info, event.type.value, id=event.id, **event_data(event))
        try:
            await anyio.to_thread.run_sync(write, abandon_on_cancel=True, limiter=self._writer)
        except (OSError, ValueError) as exc:
            raise SinkUnavailable(f"the log cannot be written: {exc}") from exc

    async def close(self) -> None:
        """Do nothing: every line is flushed when it is written, and the stream belongs to whoever made the logger."""
