"""The log sink: one structured line an event."""

from functools import partial

import anyio
from structlog.typing import FilteringBoundLogger

from jobwatchd.errors import SinkUnavailable
from jobwatchd.logs import QueuedOutput
from jobwatchd.logs.output import LogLine, Written
from jobwatchd.model.event import Event
from jobwatchd.ports import Clock
from jobwatchd.sinks.event_data import event_data

# How often a line that waits is looked after.
ROUND_S = 0.25
# How long a line waits for somebody who reads nothing at all, and how long while the process wants to end.
PATIENCE_S = 10.0
HURRIED_S = 0.5


class LogSink:
    """Writes each event as one line at level info; implements `ports.Sink`.

    The line's event is the event's type (`job.succeeded`), followed by `id` and the fields told in `event_data`, always
    the same in the same order, null where unknown. `logger` must let info pass, and return its lines (structlog's
    `ReturnLogger`); they go to `output`, in the order in which `send` is called.
    """

    durable = True

    def __init__(self, name: str, logger: FilteringBoundLogger, output: QueuedOutput, clock: Clock) -> None:
        self.name = name
        self._logger = logger
        self._output = output
        self._clock = clock
        # Lines that are being written although nobody waited for them to the end: they are not written again.
        self._begun: dict[str, LogLine] = {}

    async def send(self, event: Event) -> None:
        """Write the line; returning means that it has left the process, whole.

        Raises `SinkUnavailable` where it cannot be written (a closed pipe, a full disk), or where nobody reads.
        """
        line = self._begun.pop(event.id, None) or self._output.submit(
            self._logger.info(event.type.value, id=event.id, **event_data(event))
        )
        assert line.written is not None  # noqa: S101 - for the type checker
        try:
            await self._wait(line)
        finally:
            if not line.written.done() and not self._output.withdraw(line):
                self._begun[event.id] = line
        if not line.written.done():
            raise SinkUnavailable("the log cannot be written: nobody reads it")
        if (error := line.written.result()) is not None:
            raise SinkUnavailable(f"the log cannot be written: {error}") from error

    async def close(self) -> None:
        """Do nothing: the output belongs to whoever made it."""

    async def _wait(self, line: LogLine) -> None:
        """Return when a line is written, or cannot be, or when nothing at all was read for too long."""
        assert line.written is not None  # noqa: S101 - as above
        progress, idle_s = self._output.progress, 0.0
        while not line.written.done() and idle_s < (HURRIED_S if self._output.is_hurried else PATIENCE_S):
            alarm = anyio.Event()
            line.written.add_done_callback(partial(_ring, alarm))
            await self._clock.wait(alarm, ROUND_S)
            idle_s = idle_s + ROUND_S if progress == self._output.progress else 0.0
            progress = self._output.progress


def _ring(alarm: anyio.Event, _: Written) -> None:
    alarm.set()
