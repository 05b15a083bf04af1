"""What a delivery loop holds in memory, and how it reads the store."""

import anyio
import pytest

from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.engine.window import PAGE, RESCAN_S, WINDOW
from jobwatchd.errors import SinkUnavailable
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Retry
from jobwatchd.model.event import Event, EventFilter
from jobwatchd.testing import RecordingSink
from unit.engine.rig import Rig
from unit.engine.slow_store import SlowStore

RETRY = Retry(Backoff(3600.0, 1.0, 3600.0))
AWAY = SinkUnavailable("connection refused")


@pytest.fixture
def store(rig: Rig, slow_store: SlowStore) -> SlowStore:
    """Return the store that the rig now uses, where back-off is as long as can be."""
    rig.luck = 1.0
    return slow_store


def jobs(count: int, number: int = 1) -> list[str]:
    """Return the names of the first events of so many jobs."""
    return [f"j{job}:{number}" for job in range(count)]


async def test_a_backlog_beyond_the_window_is_delivered_without_a_pause(rig: Rig, store: SlowStore) -> None:
    """No more than the window is held, and the next page is read as soon as there is room."""
    sink = RecordingSink("hook")
    loop = rig.delivery(SinkBinding(sink, EventFilter(), RETRY))
    await rig.commit_events("hook", *jobs(WINDOW * 2))
    store.record_on = anyio.Event()
    async with rig.running(loop.run):
        await rig.clock.advance(1)
        assert len(sink.events) == WINDOW
        store.record_on.set()
        await rig.clock.advance(0.1)
        assert len(sink.events) == WINDOW * 2


async def test_a_dead_receiver_with_a_backlog_costs_a_read_now_and_then(rig: Rig, store: SlowStore) -> None:
    """Hundreds of waiting deliveries do not make the loop read the store again and again."""
    sink = RecordingSink("hook", failures=[AWAY] * 10_000)
    loop = rig.delivery(SinkBinding(sink, EventFilter(), RETRY))
    await rig.commit_events("hook", *jobs(PAGE * 2))
    async with rig.running(loop.run):
        await rig.clock.advance(600)

    assert sink.events == []
    assert store.reads <= 3 + 600 / RESCAN_S


async def test_nothing_is_sent_twice_while_records_are_unwritten(rig: Rig, store: SlowStore) -> None:
    """A look from the beginning finds sent deliveries pending still, and knows them."""
    sink = RecordingSink("hook")
    loop = rig.delivery(SinkBinding(sink, EventFilter(), RETRY))
    await rig.commit_events("hook", *jobs(10))
    store.record_on = anyio.Event()
    async with rig.running(loop.run):
        await rig.clock.advance(10 * RESCAN_S)
        assert store.reads > 5
        assert len(sink.events) == 10


async def test_nothing_is_sent_twice_when_a_record_is_written_during_a_read(rig: Rig, store: SlowStore) -> None:
    """A page that was read before the record was written shows the delivery as pending, and must not be believed."""
    sink = RecordingSink("hook")
    loop = rig.delivery(SinkBinding(sink, EventFilter(), RETRY))
    await rig.commit_events("hook", *jobs(10))
    store.record_on = anyio.Event()
    async with rig.running(loop.run):
        await rig.clock.advance(1)
        store.read_on = anyio.Event()
        await rig.clock.advance(RESCAN_S)  # a look from the beginning has begun
        store.record_on.set()
        await rig.clock.advance(0)
        store.read_on.set()
        await rig.clock.advance(100)

    assert len(sink.events) == 10
    assert await store.pending_deliveries("hook", 0, 100) == []


async def test_news_that_come_during_a_read_are_not_overlooked(rig: Rig, store: SlowStore) -> None:
    """Whoever wakes the loop while it reads has it read once more."""
    sink = RecordingSink("hook")
    loop = rig.delivery(SinkBinding(sink, EventFilter(), RETRY))
    store.read_on = anyio.Event()
    async with rig.running(loop.run):
        await rig.clock.advance(0)
        for delivery in await rig.commit_events("hook", "a:1"):
            loop.offer(delivery)
        store.read_on.set()
        await rig.clock.advance(0)
        assert len(sink.events) == 1


async def test_drain_returns_when_everything_was_tried(rig: Rig, store: SlowStore) -> None:
    """What failed waits for its next attempt, and is not waited for."""
    sink = RecordingSink("hook", failures=[AWAY])
    loop = rig.delivery(SinkBinding(sink, EventFilter(), RETRY, concurrency=1))
    await rig.commit_events("hook", *jobs(100))
    drained = []

    async def drain() -> None:
        await loop.drain()
        drained.append(len(sink.events))

    async with rig.running(loop.run, drain):
        await rig.clock.advance(1)

    assert drained == [99]


async def test_drain_waits_for_attempts_under_way(rig: Rig, store: SlowStore) -> None:
    """An event in the receiver's hands is not given up."""
    go_on = anyio.Event()

    class Slow(RecordingSink):
        async def send(self, event: Event) -> None:
            await go_on.wait()
            await super().send(event)

    sink = Slow("hook")
    loop = rig.delivery(SinkBinding(sink, EventFilter(), RETRY))
    await rig.commit_events("hook", "a:1")
    drained = []

    async def drain() -> None:
        await loop.drain()
        drained.append(len(sink.events))

    async with rig.running(loop.run, drain):
        await rig.clock.advance(10)
        assert drained == []
        go_on.set()
        await rig.clock.advance(1)

    assert drained == [1]


async def test_drain_does_not_wait_for_a_dead_receiver(rig: Rig, store: SlowStore) -> None:
    """Once the breaker is open nothing may be tried: what waits stays in the store."""
    sink = RecordingSink("hook", failures=[AWAY] * 1000)
    loop = rig.delivery(SinkBinding(sink, EventFilter(), RETRY, concurrency=1))
    await rig.commit_events("hook", *jobs(100))
    drained = []

    async def drain() -> None:
        await loop.drain()
        drained.append(True)

    async with rig.running(loop.run) as tasks:
        await rig.clock.advance(0.1)
        tasks.start_soon(drain)
        await rig.clock.advance(0.5)
        assert drained == [True]
