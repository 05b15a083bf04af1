"""A store that cannot be used for a while, and what the engine makes of it."""

from collections.abc import Callable

import pytest

from jobwatchd.engine.retrying_store import RetryingStore, StoreOutage
from jobwatchd.ports import Store
from unit.engine.outage.failing_store import FailingStore
from unit.engine.rig import Rig


@pytest.fixture
def failing() -> FailingStore:
    """Return the store below."""
    return FailingStore()


@pytest.fixture
def store(rig: Rig, failing: FailingStore) -> Store:
    """Return the store above, which the rig now uses, as the engine sees it."""
    rig.use(failing)
    return rig.engine.store


@pytest.fixture
def retrying(rig: Rig) -> Callable[[Store], RetryingStore]:
    """Return what puts patience over a store."""

    def make(store: Store) -> RetryingStore:
        return RetryingStore(store, StoreOutage(rig.runtime), rig.clock)

    return make
