"""How the log sink is configured."""

from typing import Literal

from jobwatchd.kinds.sink import SinkContext, SinkSection
from jobwatchd.sinks.log.sink import LogSink


class LogSinkSettings(SinkSection):
    """One structured line an event."""

    kind: Literal["log"]

    def build(self, context: SinkContext) -> LogSink:
        """Return a new sink."""
        output = context.output
        return LogSink(context.name, output.loggers.event_logger(context.name), output.lines, context.clock)
