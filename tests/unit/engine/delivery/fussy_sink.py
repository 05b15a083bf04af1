"""A sink that does not take everything."""

import anyio

from jobwatchd.errors import SinkUnavailable
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Retry
from jobwatchd.model.event import Event
from jobwatchd.testing import RecordingSink

RETRY = Retry(Backoff(1.0, 2.0, 600.0), max_age_s=3600.0, rejections=3, rejections_for_s=60.0)
AWAY = SinkUnavailable("connection refused")


class FussySink(RecordingSink):
    """A sink that fails for some jobs and holds others back; `tried` lists every attempt."""

    def __init__(self) -> None:
        super().__init__("hook")
        self.failing: dict[str, Exception] = {}
        self.held = anyio.Event()
        self.held.set()
        self.tried: list[str] = []
        self.busy = self.most_busy = 0

    async def send(self, event: Event) -> None:
        """Fail where the job is to fail, wait while held back, else take the event."""
        self.tried.append(name(event))
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        await self.held.wait()
        self.busy -= 1
        if error := self.failing.get(event.subject.rpartition("/")[2]):
            raise error
        await super().send(event)

    @property
    def taken(self) -> list[str]:
        """What was taken, in order."""
        return [name(event) for event in self.events]


def name(event: Event) -> str:
    """Return the job and the number of an event."""
    return f"{event.subject.rpartition('/')[2]}:{event.sequence}"
