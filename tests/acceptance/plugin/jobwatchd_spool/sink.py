"""The kind `lines`: an event is a line of JSON at the end of a file."""

import json
from pathlib import Path
from typing import Literal

import anyio

from jobwatchd.errors import SinkUnavailable
from jobwatchd.kinds.sink import SinkContext, SinkSection
from jobwatchd.model.event import Event
from jobwatchd.sinks.event_data import event_data


class LinesSink(SinkSection):
    """A file of events."""

    kind: Literal["lines"]
    file: Path

    def build(self, context: SinkContext) -> "Lines":
        """Return a new sink."""
        return Lines(context.name, self.file)


class Lines:
    """Writes events to a file; implements `ports.Sink`."""

    durable = True

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self._file = anyio.Path(file)

    async def send(self, event: Event) -> None:
        """Write one line; raises `SinkUnavailable` where that fails."""
        try:
            async with await self._file.open("a") as stream:
                await stream.write(json.dumps({"id": event.id, "type": event.type, **event_data(event)}) + "\n")
        except OSError as exc:
            raise SinkUnavailable(f"the file cannot be written: {exc.strerror}") from exc

    async def close(self) -> None:
        """Do nothing."""
