"""All that the loops of the engine need, in memory and on a clock that stands still."""

from collections.abc import Callable

import pytest

from jobwatchd.engine.source_limiter import SourceLimiter
from jobwatchd.engine.watchlist import Watchlist
from jobwatchd.engine.worker_pool import PoolLimits, WorkerPool
from unit.engine.file_watches import name_job
from unit.engine.rig import Rig
from unit.engine.slow_store import SlowStore
from unit.engine.workshop import Workshop


@pytest.fixture
def rig() -> Rig:
    """Return a rig with nothing running."""
    return Rig()


@pytest.fixture
def slow_store(rig: Rig) -> SlowStore:
    """Return a store that can be held back, which the rig now uses."""
    store = SlowStore()
    rig.use(store)
    return store


@pytest.fixture
def shop() -> Workshop:
    """Return a workshop where work takes no time."""
    return Workshop()


@pytest.fixture
def limiter() -> SourceLimiter:
    """Return a limiter without a rate."""
    return SourceLimiter(None, lambda: 1.0, 0.0)


@pytest.fixture
def make_pool(rig: Rig, shop: Workshop, limiter: SourceLimiter) -> Callable[..., WorkerPool[str]]:
    """Return a maker of pools that work in the workshop."""

    def make(concurrency: int = 3) -> WorkerPool[str]:
        return WorkerPool(rig.runtime, "pool", shop, limiter, limits=PoolLimits(concurrency, 60.0))

    return make


@pytest.fixture
def watchlist(rig: Rig) -> Watchlist:
    """Return a watchlist without a lane."""
    return Watchlist(rig.store, rig.clock, name_job)
