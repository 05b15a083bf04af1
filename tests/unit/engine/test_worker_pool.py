"""A bounded pool of workers."""

from collections.abc import Callable

import anyio
import pytest

from jobwatchd.engine.heartbeats import LONGEST_NAP_S
from jobwatchd.engine.source_limiter import OPEN_AFTER, SourceLimiter
from jobwatchd.engine.worker_pool import PoolLimits, WorkerPool
from unit.engine.rig import Rig
from unit.engine.workshop import Workshop

MakePool = Callable[..., WorkerPool[str]]


def put(pool: WorkerPool[str], count: int, due_s: float = 0.0) -> None:
    """Schedule so many items."""
    for number in range(count):
        pool.put(str(number), due_s)


async def test_items_are_worked_on_when_they_are_due(rig: Rig, shop: Workshop, make_pool: MakePool) -> None:
    """Not before; an item put in while the feeder naps is not overslept."""
    pool = make_pool()
    pool.put("later", 3.0)
    async with rig.running(pool.run):
        await rig.clock.advance(2.9)
        assert shop.begun == []
        pool.put("sooner", 2.95)
        await rig.clock.advance(0.06)
        assert shop.done == ["sooner"]
        await rig.clock.advance(0.1)
        assert shop.done == ["sooner", "later"]


async def test_what_is_due_now_makes_the_pool_busy_at_once(rig: Rig, make_pool: MakePool) -> None:
    """Whoever drains it must not look into the moment in which the schedule would hold the item back."""
    pool = make_pool()
    await rig.clock.advance(0.005)
    assert not pool.is_busy

    pool.put("now", rig.clock.monotonic())

    assert pool.is_busy


async def test_no_more_is_under_way_than_the_concurrency_allows(rig: Rig, shop: Workshop, make_pool: MakePool) -> None:
    """The others wait, and all come to be done."""
    pool = make_pool(3)
    shop.close()
    put(pool, 50)
    async with rig.running(pool.run):
        await rig.clock.advance(1)
        assert (shop.busy, len(shop.begun)) == (3, 3)
        shop.go_on.set()
        await rig.clock.advance(1)
        assert (len(shop.done), shop.most_busy) == (50, 3)


async def test_concurrency_can_be_raised_at_work(rig: Rig, shop: Workshop, make_pool: MakePool) -> None:
    """More workers come at once."""
    pool = make_pool(2)
    shop.close()
    put(pool, 50)
    async with rig.running(pool.run):
        await rig.clock.advance(1)
        pool.configure(PoolLimits(5, 60.0))
        await rig.clock.advance(0)
        assert shop.busy == 5


async def test_concurrency_can_be_lowered_at_work(rig: Rig, shop: Workshop, make_pool: MakePool) -> None:
    """What is under way is not cut short; from then on there are fewer, and everything still gets done."""
    pool = make_pool(5)
    shop.close()
    put(pool, 10)
    async with rig.running(pool.run):
        await rig.clock.advance(1)
        pool.configure(PoolLimits(2, 60.0))
        await rig.clock.advance(0)
        assert shop.busy == 5
        finish, shop.go_on = shop.go_on, anyio.Event()
        finish.set()
        await rig.clock.advance(1)
        assert (len(shop.done), shop.busy) == (5, 2)
        shop.go_on.set()
        await rig.clock.advance(1)
        assert len(shop.done) == 10


async def test_lowered_concurrency_holds_for_workers_that_were_idle(
    rig: Rig, shop: Workshop, make_pool: MakePool
) -> None:
    """Those who are too many leave when they are called."""
    pool = make_pool(5)
    put(pool, 5)
    async with rig.running(pool.run):
        await rig.clock.advance(1)
        pool.configure(PoolLimits(1, 60.0))
        shop.close()
        shop.most_busy = 0
        put(pool, 5, 1.0)
        await rig.clock.advance(1)
        assert (shop.busy, shop.most_busy) == (1, 1)


async def test_a_paused_limiter_costs_no_looks(
    rig: Rig, shop: Workshop, limiter: SourceLimiter, make_pool: MakePool
) -> None:
    """While nothing may be sent the feeder naps as long as it ever does, however much is due."""
    pool = make_pool()
    limiter.failed(0.0, retry_after_s=600.0)
    put(pool, 1000)
    async with rig.running(pool.run):
        await rig.clock.advance(599)
        assert shop.begun == []
        assert shop.looks <= 599 / LONGEST_NAP_S + 3
        await rig.clock.advance(2)
        assert len(shop.done) == 1000


async def test_an_open_breaker_costs_no_looks(
    rig: Rig, shop: Workshop, limiter: SourceLimiter, make_pool: MakePool
) -> None:
    """While a probe is under way nobody spins, however long it takes."""
    pool = make_pool()
    for _ in range(OPEN_AFTER):
        limiter.failed(0.0)
    shop.close()
    put(pool, 1000)
    async with rig.running(pool.run):
        await rig.clock.advance(100)
        assert len(shop.begun) == 1
        assert shop.looks <= 100 / LONGEST_NAP_S + 6


async def test_busy_workers_cost_no_looks(rig: Rig, shop: Workshop, make_pool: MakePool) -> None:
    """A pool that is fully at work with more to do is not asked again and again."""
    pool = make_pool(2)
    shop.close()
    put(pool, 1000)
    async with rig.running(pool.run):
        await rig.clock.advance(100)
        assert shop.looks <= 100 / LONGEST_NAP_S + 3


async def test_a_rate_costs_a_few_looks_per_item(
    rig: Rig, shop: Workshop, limiter: SourceLimiter, make_pool: MakePool
) -> None:
    """Ten a second are ten a second, and the feeder looks about as often."""
    pool = make_pool()
    limiter.rate_limiter.rate = 10.0
    put(pool, 1000)
    async with rig.running(pool.run):
        await rig.clock.advance(10.05)
        assert len(shop.done) == 101
        assert shop.looks <= 4 * 101


async def test_stop_waits_for_work_under_way_and_begins_no_more(rig: Rig, shop: Workshop, make_pool: MakePool) -> None:
    """What was begun comes to its end, what is due stays undone."""
    pool = make_pool(2)
    shop.close()
    put(pool, 10)
    stopped = []

    async def stop() -> None:
        await pool.stop()
        stopped.append(True)

    async with rig.running(pool.run) as tasks:
        await rig.clock.advance(1)
        tasks.start_soon(stop)
        await rig.clock.advance(100)
        assert (stopped, shop.busy) == ([], 2)
        shop.go_on.set()
        await rig.clock.advance(0)
        assert (stopped, shop.done) == ([True], ["0", "1"])


async def test_stop_sends_idle_workers_home(rig: Rig, shop: Workshop, make_pool: MakePool) -> None:
    """A pool with nothing to do stops at once; nothing is expected of its loop any more."""
    pool = make_pool(2)
    put(pool, 2)
    async with rig.running(pool.run):
        await rig.clock.advance(1)
        await pool.stop()
        await rig.clock.advance(1000)
        assert rig.heartbeats.problems() == []


async def test_a_pool_that_was_stopped_before_it_ran_does_nothing(
    rig: Rig, shop: Workshop, make_pool: MakePool
) -> None:
    """Stop returns at once, and a late run ends at once."""
    pool = make_pool()
    put(pool, 1)
    await pool.stop()
    await pool.run()

    assert shop.begun == []


async def test_what_work_raises_ends_the_pool(
    rig: Rig, shop: Workshop, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure that nobody foresaw is not swallowed."""

    async def fail(_item: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(shop, "work", fail)
    pool = make_pool()
    put(pool, 1)
    with pytest.raises(ExceptionGroup) as failure:
        async with rig.running(pool.run):
            await rig.clock.advance(1)

    assert failure.group_contains(ZeroDivisionError)
