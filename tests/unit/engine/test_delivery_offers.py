"""Deliveries that are handed to a loop as they are committed, instead of being read from the store."""

from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from jobwatchd.engine.delivery import RESCAN_S, WINDOW, DeliveryLoop, Outlet
from jobwatchd.model.delivery import Delivery
from jobwatchd.model.event import Event
from jobwatchd.model.filters import EventFilter
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import RecordingSink


class ReadStore(MemoryStore):
    """A memory store that counts reads, and holds back their answers as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.read_on = anyio.Event()
        self.read_on.set()

    async def pending_deliveries(self, sink: str, after: int, limit: int) -> Sequence[Delivery]:
        """Read now, answer when let."""
        self.reads += 1
        page = await super().pending_deliveries(sink, after, limit)
        await self.read_on.wait()
        return page


class HeldSink(RecordingSink):
    """A sink that takes nothing until it is let."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.go_on = anyio.Event()

    async def send(self, event: Event) -> None:
        """Wait, then take it."""
        await self.go_on.wait()
        await super().send(event)


@pytest.fixture
def store(rig: Any) -> ReadStore:
    """Return the store that the rig now uses."""
    store = ReadStore()
    rig.use(store)
    return store


@pytest.fixture
def sink() -> HeldSink:
    """Return a sink that takes everything, until it is told otherwise."""
    sink = HeldSink("hook")
    sink.go_on.set()
    return sink


@pytest.fixture
def loop(rig: Any, store: ReadStore, sink: HeldSink) -> DeliveryLoop:
    """Return the sink's loop, on that store."""
    assert rig.store is store
    made: DeliveryLoop = rig.delivery(Outlet(sink, EventFilter()))
    return made


def jobs(count: int) -> list[str]:
    """Return the names of the first events of so many jobs."""
    return [f"j{job}:1" for job in range(count)]


async def offer(rig: Any, loop: DeliveryLoop, *names: str) -> None:
    """Commit events, and hand the deliveries over."""
    for delivery in await rig.commit_events("hook", *names):
        loop.offer(delivery)


async def test_what_is_offered_to_a_loop_that_has_caught_up_is_not_read_again(
    rig: Any, store: ReadStore, sink: HeldSink, loop: DeliveryLoop
):
    """A fresh event goes straight to its sink; only a look from the beginning reads the store."""
    async with rig.running(loop.run):
        await rig.clock.advance(0)
        reads = store.reads
        await offer(rig, loop, *jobs(100))
        await rig.clock.advance(0)
        assert (len(sink.events), store.reads) == (100, reads)
        await rig.clock.advance(10 * RESCAN_S)
        assert len(sink.events) == 100


async def test_what_was_read_before_it_is_offered_is_sent_once(rig: Any, sink: HeldSink, loop: DeliveryLoop):
    """A read that ends between a commit and its being told has the deliveries already."""
    async with rig.running(loop.run):
        offered = await rig.commit_events("hook", *jobs(3))
        await rig.clock.advance(1)
        for delivery in offered:
            loop.offer(delivery)
        await rig.clock.advance(10 * RESCAN_S)

    assert len(sink.events) == 3


async def test_order_is_kept_where_a_loop_falls_behind(rig: Any, store: ReadStore, sink: HeldSink, loop: DeliveryLoop):
    """What is offered during a read waits for it, and everything of a job comes in order."""
    await rig.commit_events("hook", "a:1")
    store.read_on = anyio.Event()
    async with rig.running(loop.run):
        await rig.clock.advance(0)
        await offer(rig, loop, "a:2", "a:3")
        store.read_on.set()
        await rig.clock.advance(0)
        await offer(rig, loop, "a:4")
        await rig.clock.advance(1)

    assert [event.sequence for event in sink.events] == [1, 2, 3, 4]


async def test_no_more_than_the_window_is_held(rig: Any, store: ReadStore, sink: HeldSink, loop: DeliveryLoop):
    """What is offered beyond it stays in the store, and is read from there once there is room."""
    sink.go_on = anyio.Event()
    async with rig.running(loop.run):
        await rig.clock.advance(0)
        reads = store.reads
        await offer(rig, loop, *jobs(WINDOW + 100))
        await rig.clock.advance(0)
        assert store.reads == reads
        sink.go_on.set()
        await rig.clock.advance(1)

    assert store.reads > reads
    assert len(sink.events) == WINDOW + 100
