"""The demo's webhook receiver: that of the simulator, which also shows what comes, as it comes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from jobwatchd.cli.demo.comparison import ToldEvent, read_event
from jobwatchd.simulator.receiver import ReceiverFault, ReceiverState

# Longer than the sink of the demo's configuration waits for an answer.
TOO_LATE_S = 3.0


class Receiver(ReceiverState):
    """Verifies signatures with `secret`, drops duplicates by their id, and calls `show` with each new CloudEvent."""

    def __init__(self, secret: str, show: Callable[[dict[str, Any], datetime], None]) -> None:
        super().__init__(secrets=[secret], slow_s=TOO_LATE_S)
        self.arrived: list[tuple[ToldEvent, datetime]] = []
        self._show = show
        self._answers_late = False

    def answer_late_once(self) -> None:
        """Take the next webhook, but answer so late that its sender has to send it again."""
        self._answers_late = True

    def next_fault(self) -> ReceiverFault | None:
        """Return how the next request is to fail, None if it is not."""
        late, self._answers_late = self._answers_late, False
        return ReceiverFault.SLOW if late else None

    def take(self, event: dict[str, Any]) -> None:
        """Remember a CloudEvent and show it; one whose id came before is only counted."""
        is_new = event["id"] not in self.received
        super().take(event)
        if is_new:
            now = self.clock.now()
            kind = event["type"].removeprefix("dev.jobwatchd.").removesuffix(".v1")
            self.arrived.append((read_event({**event["data"], "id": event["id"], "type": kind}), now))
            self._show({**event["data"], "type": kind}, now)

    @property
    def duplicates(self) -> int:
        """How many webhooks were taken more than once."""
        return sum(self.taken.values()) - len(self.taken)
