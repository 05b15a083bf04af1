"""What is told of events."""

from typing import Protocol

from jobwatchd.model.event import Event


class Sink(Protocol):
    """Where events go.

    A durable sink has its deliveries kept in the store until `send` returns: at least once, in order per subject. A
    sink that is not durable is handed every committed event once, in this process only.
    """

    name: str
    durable: bool

    async def send(self, event: Event) -> None:
        """Hand over one event; returning means that it was taken.

        Raises `SinkUnavailable`, `SinkRejected` or `SinkGone`, nothing else. The same event may come again, by its id.
        """

    async def close(self) -> None:
        """Give back connections and flush; the sink is not used afterwards."""
