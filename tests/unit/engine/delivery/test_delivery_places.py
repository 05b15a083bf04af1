"""A sink with a single place: what hangs makes room in it, what is slow is not ended for ever."""

import pytest

from jobwatchd.engine.delivery import DeliveryLoop
from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.model.event import Event, EventFilter
from jobwatchd.ports import Clock
from jobwatchd.testing import RecordingSink
from unit.engine.rig import Rig


class SlowingSink(RecordingSink):
    """A sink that takes everything, in `takes_s` seconds each."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("hook")
        self.clock = clock
        self.takes_s = 0.01

    async def send(self, event: Event) -> None:
        """Take the event, late."""
        await self.clock.sleep(self.takes_s)
        await super().send(event)


async def tell(rig: Rig, loop: DeliveryLoop, name: str) -> None:
    """Commit an event and hand over its delivery."""
    for delivery in await rig.commit_events("hook", name):
        loop.offer(delivery)


@pytest.mark.parametrize("every_s", [0.0, 0.2, 2.0, 6.0])
async def test_a_receiver_that_has_become_slow_has_its_time_in_the_only_place(rig: Rig, every_s: float) -> None:
    """It was quick at first, and others wait or keep coming: none is ended for ever."""
    sink = SlowingSink(rig.clock)
    loop = rig.delivery(SinkBinding(sink, EventFilter(), concurrency=1))
    async with rig.running(loop.run):
        await tell(rig, loop, "quick:1")
        await rig.clock.advance(1)
        sink.takes_s = 4.0
        for number in range(60):
            await tell(rig, loop, f"h{number}:1")
            await rig.clock.advance(every_s)
        assert len(sink.events) > every_s * 60 / 4 / 4 - 1
        await rig.clock.advance(300)
    assert len({event.id for event in sink.events}) == 61
