"""Every store, and the makings of what is put into them."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from conformance.stores.makings import NOW, Add, Commit, MakeAttempt, MakeSpec, MakeStep
from jobwatchd.model.delivery import Delivery
from jobwatchd.ports import Store
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.stores.sql import SqlStore


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
def spec() -> MakeSpec:
    """Give a maker of specifications."""
    return MakeSpec()


@pytest.fixture
def add(store: Store) -> Add:
    """Give what adds jobs by name."""
    return Add(store)


@pytest.fixture
def step() -> MakeStep:
    """Give a maker of steps."""
    return MakeStep()


@pytest.fixture
def commit(store: Store) -> Commit:
    """Give what commits steps."""
    return Commit(store)


@pytest.fixture
async def deliveries(store: Store, add: Add, step: MakeStep, commit: Commit) -> Sequence[Delivery]:
    """Commit four events for two sinks and return those of `hook`."""
    await commit(*(step(watch) for watch in await add("a", "b", "c", "d")), sinks=["hook", "other"])
    return await store.pending_deliveries("hook", 0, 10)


@pytest.fixture
def outcome() -> MakeAttempt:
    """Give a maker of attempts."""
    return MakeAttempt()
