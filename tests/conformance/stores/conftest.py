"""Every store, and the makings of what is put into them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobwatchd.model.delivery import Attempt, Delivery, DeliveryStatus
from jobwatchd.model.event import Event
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.transition import Step, advance
from jobwatchd.model.watch import Watch, WatchSpec
from jobwatchd.ports import Store
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.stores.sql import SqlStore

Add = Callable[..., Awaitable[list[Watch]]]
Commit = Callable[..., Awaitable[set[int]]]
NOW = datetime(2026, 3, 1, 12, 0, 0, 123_457, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Give an open, empty store of each kind."""
    made: Store = MemoryStore() if request.param == "memory" else SqlStore(f"sqlite:///{tmp_path}/store.db")
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def now() -> datetime:
    """Give an instant with all of its microseconds."""
    return NOW


@pytest.fixture
def spec() -> Callable[..., WatchSpec]:
    """Give a maker of specifications for the jobs of one source."""

    def make(job: str, source: str = "graph", **facts: object) -> WatchSpec:
        return WatchSpec(JobReference(source, job), **facts)

    return make


@pytest.fixture
def add(store: Store, spec: Callable[..., WatchSpec]) -> Callable[..., object]:
    """Give a coroutine function that adds jobs by name and returns their watches."""

    async def add_jobs(*jobs: str, at: datetime = NOW, **facts: object) -> list[Watch]:
        return [watch for watch, _ in await store.add_watches([spec(job, **facts) for job in jobs], at)]

    return add_jobs


@pytest.fixture
def step() -> Callable[..., Step]:
    """Give a maker of the step to a state, seconds after the time of all fixtures."""

    def make(watch: Watch, state: State = State.QUEUED, after_s: float = 0, **seen: object) -> Step:
        return advance(watch, Observation(state, state.value.upper(), **seen), NOW + timedelta(seconds=after_s))

    return make


@pytest.fixture
def commit(store: Store) -> Callable[..., object]:
    """Give a coroutine function that commits steps with deliveries to some sinks, `hook` unless said otherwise."""

    async def commit_steps(*steps: Step, sinks: Sequence[str] = ("hook",), at: datetime = NOW) -> set[int]:
        def route(_event: Event) -> Sequence[str]:
            return sinks

        return set((await store.commit(steps, (), route, at)).stale)

    return commit_steps


@pytest.fixture
async def deliveries(store: Store, add: Add, step: Callable[..., Step], commit: Commit) -> Sequence[Delivery]:
    """Commit four events for two sinks and return those of `hook`."""
    await commit(*(step(watch) for watch in await add("a", "b", "c", "d")), sinks=["hook", "other"])
    return await store.pending_deliveries("hook", 0, 10)


@pytest.fixture
def outcome(now: datetime) -> Callable[..., Attempt]:
    """Give a maker of attempts."""

    def make(
        delivery: Delivery, status: DeliveryStatus, attempts: int = 1, sink: str = "hook", **facts: object
    ) -> Attempt:
        return Attempt(sink, delivery.position, status, attempts, now + timedelta(minutes=1), **facts)

    return make
