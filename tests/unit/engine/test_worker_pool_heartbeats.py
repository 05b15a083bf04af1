"""When a pool counts as hanging."""

from collections.abc import Callable

import pytest

from jobwatchd.engine.source_limiter import SourceLimiter
from jobwatchd.engine.worker_pool import PoolLimits, WorkerPool
from unit.engine.rig import Rig
from unit.engine.workshop import Workshop

MakePool = Callable[..., WorkerPool[str]]


def put(pool: WorkerPool[str], count: int, due_s: float = 0.0) -> None:
    """Schedule so many items."""
    for number in range(count):
        pool.put(str(number), due_s)


@pytest.mark.parametrize("others", [0, 10])
async def test_stuck_workers_are_an_ailment(rig: Rig, shop: Workshop, make_pool: MakePool, others: int) -> None:
    """Work that never ends is noticed, whether or not more is waiting."""
    pool = make_pool(1)
    shop.close()
    put(pool, 1 + others)
    async with rig.running(pool.run):
        await rig.clock.advance(60)
        assert rig.heartbeats.problems() == []
        await rig.clock.advance(10)
        assert len(rig.heartbeats.problems()) == 1
        shop.go_on.set()
        await rig.clock.advance(10)
        assert rig.heartbeats.problems() == []


@pytest.mark.parametrize("due_s", [0.0, 50_000.0])
async def test_an_idle_pool_is_well(rig: Rig, make_pool: MakePool, due_s: float) -> None:
    """Nothing to do for hours is no problem."""
    pool = make_pool()
    put(pool, 1, due_s)
    async with rig.running(pool.run):
        await rig.clock.advance(10_000)
        assert rig.heartbeats.problems() == []


async def test_a_pool_that_is_held_back_is_well(rig: Rig, limiter: SourceLimiter, make_pool: MakePool) -> None:
    """A long pause that the other side asked for is obeyed, not restarted, also where others were answered since."""
    pool = make_pool()
    limiter.failed(0.0, retry_after_s=3000.0)
    limiter.breaker.answered()
    put(pool, 10)
    async with rig.running(pool.run):
        await rig.clock.advance(2000)
        assert rig.heartbeats.problems() == []


async def test_a_pool_at_work_is_well(rig: Rig, shop: Workshop, limiter: SourceLimiter, make_pool: MakePool) -> None:
    """Always busy, always more to do, and always getting on."""
    pool = make_pool()
    limiter.rate_limiter.rate = 1.0
    put(pool, 1000)
    async with rig.running(pool.run):
        await rig.clock.advance(500)
        assert rig.heartbeats.problems() == []
        assert len(shop.done) == 501


async def test_a_longer_silence_can_be_allowed_at_work(rig: Rig, shop: Workshop, make_pool: MakePool) -> None:
    """When timeouts were raised, what would have been hanging no longer is."""
    pool = make_pool(1)
    shop.close()
    put(pool, 1)
    async with rig.running(pool.run):
        await rig.clock.advance(1)
        pool.configure(PoolLimits(1, 600.0))
        await rig.clock.advance(300)
        assert rig.heartbeats.problems() == []
        await rig.clock.advance(310)
        assert len(rig.heartbeats.problems()) == 1
