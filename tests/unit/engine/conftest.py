"""All that the loops of the engine need, in memory and on a clock that stands still."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import anyio
import pytest

from jobwatchd.engine.source_limiter import SourceLimiter
from jobwatchd.engine.worker_pool import PoolLimits, WorkerPool
from jobwatchd.model.delivery import Attempt, Delivery
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.query import EventQuery
from jobwatchd.model.transition import advance
from jobwatchd.model.watch import Watch, WatchSpec
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing.rig import EngineRig


class Rig(EngineRig):
    """The engine, and short ways to fill its store and to see what is in it."""

    async def add(self, source: str, *jobs: str, **facts: object) -> list[Watch]:
        """Add watches to the store."""
        specs = [WatchSpec(JobReference.of(source, [job]), **facts) for job in jobs]
        return [watch for watch, _ in await self.store.add_watches(specs, self.clock.now())]

    async def commit_events(self, sink: str, *names: str) -> list[Delivery]:
        """Commit events named `job:number`, in order, for one sink; returns the deliveries that were made."""
        made: list[Delivery] = []
        for job, _, number in (name.partition(":") for name in names):
            (watch,) = await self.add("graph", job)
            watch = replace(watch, sequence=int(number) - 1)
            state = State.RUNNING if int(number) % 2 else State.STOPPING
            step = advance(replace(watch, state=None), Observation(state, "x"), self.clock.now())
            made += (await self.store.commit([step], [], lambda _event: [sink], self.clock.now())).deliveries
        return made

    async def events(self, **query: object) -> list[str]:
        """Return the types of all committed events, in order; what is inferred has a question mark."""
        stored = await self.store.list_events(EventQuery(limit=100_000, **query))
        return [item.event.type + "?" * item.event.inferred for item in stored]


class SlowStore(MemoryStore):
    """A memory store that counts reads, and holds back records and the answers of reads as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.record_on = self.read_on = anyio.Event()
        self.record_on.set()

    async def pending_deliveries(self, sink: str, after: int, limit: int) -> Sequence[Delivery]:
        """Read now, answer when let."""
        self.reads += 1
        page = await super().pending_deliveries(sink, after, limit)
        await self.read_on.wait()
        return page

    async def record_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Write when let."""
        await self.record_on.wait()
        await super().record_attempts(attempts)


class Workshop:
    """Work that lasts until it is let go, and a record of it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.busy = self.most_busy = self.looks = 0
        self.go_on = anyio.Event()
        self.go_on.set()

    def close(self) -> None:
        """Let no work come to its end from now on."""
        self.go_on = anyio.Event()

    async def work(self, item: str) -> bool:
        """Work on an item."""
        self.begun.append(item)
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        await self.go_on.wait()
        self.busy -= 1
        self.done.append(item)
        return True

    async def review(self, _now_s: float) -> None:
        """Count the looks of the feeder."""
        self.looks += 1


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
