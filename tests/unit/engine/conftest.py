"""All that the loops of the engine need, in memory and on a clock that stands still."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest
import structlog
from anyio.abc import TaskGroup
from structlog.testing import LogCapture

from jobwatchd.engine.attempt_recorder import AttemptRecorder
from jobwatchd.engine.commits import Commits
from jobwatchd.engine.delivery import DeliveryLoop
from jobwatchd.engine.dispatcher import Dispatcher
from jobwatchd.engine.heartbeats import Heartbeats
from jobwatchd.engine.lane import Lane
from jobwatchd.engine.lane_policy import LanePolicy
from jobwatchd.engine.runtime import Runtime
from jobwatchd.engine.sink_binding import SinkBinding
from jobwatchd.engine.source_limiter import SourceLimiter
from jobwatchd.engine.worker_pool import PoolLimits, WorkerPool
from jobwatchd.instruments import Registry
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.delivery import Attempt, Delivery
from jobwatchd.model.event import Event
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.query import EventQuery
from jobwatchd.model.transition import advance
from jobwatchd.model.watch import Watch, WatchSpec
from jobwatchd.ports import Source
from jobwatchd.prometheus_observer import PrometheusObserver
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.telemetry import Telemetry
from jobwatchd.testing import FakeClock


class Rig:
    """The parts around a loop; `luck` is what jitter yields, `store` may be replaced before a part is asked for."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.registry = Registry()
        self.observer = PrometheusObserver(Telemetry(self.registry))
        self.heartbeats = Heartbeats(self.clock, self.observer)
        self.log = LogCapture()
        self.logger = structlog.wrap_logger(
            structlog.PrintLogger(), processors=[self.log], wrapper_class=structlog.make_filtering_bound_logger(0)
        )
        self.luck = 0.5
        self.runtime = Runtime(self.clock, lambda: self.jitter(), self.logger, self.observer, self.heartbeats)  # noqa: PLW0108 - as it is by then
        self.told: list[Event] = []
        self.use(MemoryStore())

    def use(self, store: MemoryStore) -> None:
        """Build everything that writes on this store."""
        self.store = store
        self.recorder = AttemptRecorder(self.runtime, store)
        self.commits = Commits(self.runtime, store, self)
        self.dispatcher = Dispatcher(self.runtime, store, self.recorder)

    def jitter(self) -> float:
        """Yield what luck there is."""
        return self.luck

    def route(self, event: Event) -> Collection[str]:
        """Route as the sinks wish."""
        return self.dispatcher.route(event)

    async def on_committed(self, events: Sequence[Event], deliveries: Sequence[Delivery]) -> None:
        """Keep what was committed, and tell the sinks."""
        self.told += events
        await self.dispatcher.on_committed(events, deliveries)

    async def add(self, source: str, *jobs: str, **facts: object) -> list[Watch]:
        """Add watches to the store."""
        specs = [WatchSpec(JobReference.of(source, [job]), **facts) for job in jobs]
        return [watch for watch, _ in await self.store.add_watches(specs, self.clock.now())]

    async def lane(self, source: Source, policy: LanePolicy | None = None, cadence: Cadence | None = None) -> Lane:
        """Return a new lane for a source, with the health that the store knows."""
        return Lane(
            self.runtime,
            source,
            replace(policy or LanePolicy(), cadence=cadence or Cadence(jitter=0.0)),
            await self.store.load_source(source.name, self.clock.now()),
            store=self.store,
            commits=self.commits,
        )

    @asynccontextmanager
    async def running(self, *loops: Callable[[], Awaitable[None]]) -> AsyncIterator[TaskGroup]:
        """Run these loops, and those that write, for as long as the body lasts."""
        async with anyio.create_task_group() as tasks:
            for loop in (self.commits.run, self.recorder.run, *loops):
                tasks.start_soon(loop)
            yield tasks
            tasks.cancel_scope.cancel()

    def delivery(self, binding: SinkBinding) -> DeliveryLoop:
        """Return a delivery loop for one sink."""
        return DeliveryLoop(self.runtime, binding, self.store, self.recorder)

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

    def metric(self, name: str, **labels: str) -> float | None:
        """Return the value of a metric's series, None where there is none."""
        return self.registry.get_sample_value(name, labels)


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
