"""Deliveries that are handed to a loop as they are committed, instead of being read from the store."""

import anyio
import pytest

from jobwatchd.engine.delivery import DeliveryLoop
from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.engine.window import RESCAN_S, WINDOW
from jobwatchd.model.event import EventFilter
from jobwatchd.testing import RecordingSink
from unit.engine.rig import Rig
from unit.engine.slow_store import SlowStore


@pytest.fixture
def sink() -> RecordingSink:
    """Return a sink that takes everything."""
    return RecordingSink("hook")


@pytest.fixture
def loop(rig: Rig, slow_store: SlowStore, sink: RecordingSink) -> DeliveryLoop:
    """Return the sink's loop."""
    made: DeliveryLoop = rig.delivery(SinkBinding(sink, EventFilter()))
    return made


def jobs(count: int) -> list[str]:
    """Return the names of the first events of so many jobs."""
    return [f"j{job}:1" for job in range(count)]


async def offer(rig: Rig, loop: DeliveryLoop, *names: str) -> None:
    """Commit events, and hand the deliveries over."""
    for delivery in await rig.commit_events("hook", *names):
        loop.offer(delivery)


async def test_what_is_offered_to_a_loop_that_has_caught_up_is_not_read_again(
    rig: Rig, slow_store: SlowStore, sink: RecordingSink, loop: DeliveryLoop
) -> None:
    """A fresh event goes straight to its sink; only a look from the beginning reads the store."""
    async with rig.running(loop.run):
        await rig.clock.advance(0)
        reads = slow_store.reads
        await offer(rig, loop, *jobs(100))
        await rig.clock.advance(0)
        assert (len(sink.events), slow_store.reads) == (100, reads)
        await rig.clock.advance(10 * RESCAN_S)
        assert len(sink.events) == 100


async def test_what_was_read_before_it_is_offered_is_sent_once(
    rig: Rig, sink: RecordingSink, loop: DeliveryLoop
) -> None:
    """A read that ends between a commit and its being told has the deliveries already."""
    async with rig.running(loop.run):
        offered = await rig.commit_events("hook", *jobs(3))
        await rig.clock.advance(1)
        for delivery in offered:
            loop.offer(delivery)
        await rig.clock.advance(10 * RESCAN_S)

    assert len(sink.events) == 3


async def test_order_is_kept_where_a_loop_falls_behind(
    rig: Rig, slow_store: SlowStore, sink: RecordingSink, loop: DeliveryLoop
) -> None:
    """What is offered during a read waits for it, and everything of a job comes in order."""
    await rig.commit_events("hook", "a:1")
    slow_store.read_on = anyio.Event()
    async with rig.running(loop.run):
        await rig.clock.advance(0)
        await offer(rig, loop, "a:2", "a:3")
        slow_store.read_on.set()
        await rig.clock.advance(0)
        await offer(rig, loop, "a:4")
        await rig.clock.advance(1)

    assert [event.sequence for event in sink.events] == [1, 2, 3, 4]


async def test_no_more_than_the_window_is_held(
    rig: Rig, slow_store: SlowStore, sink: RecordingSink, loop: DeliveryLoop
) -> None:
    """What is offered beyond it stays in the store, and is read from there once there is room."""
    async with rig.running(loop.run):
        await rig.clock.advance(0)
        reads = slow_store.reads
        await offer(rig, loop, *jobs(WINDOW + 100))
        await rig.clock.advance(1)

    assert slow_store.reads > reads
    assert len(sink.events) == WINDOW + 100
