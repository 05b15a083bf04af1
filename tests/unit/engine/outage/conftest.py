"""A store that cannot be used for a while, and what the engine makes of it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from jobwatchd.engine.retrying_store import RetryingStore, StoreOutage
from jobwatchd.errors import StoreError
from jobwatchd.model.delivery import Attempt
from jobwatchd.ports import Store
from jobwatchd.stores.memory import MemoryStore


class FailingStore(MemoryStore):
    """A memory store whose database cannot be written for as long as `trouble` is set; reading goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble: StoreError | None = None
        self.tries = 0

    def _try(self) -> None:
        self.tries += 1
        if self.trouble is not None:
            raise self.trouble

    async def open(self) -> None:
        """Open, or fail."""
        self._try()

    async def check(self) -> None:
        """Say that all is well, or fail."""
        self._try()

    async def commit(self, *args: Any) -> Any:
        """Write, or fail."""
        self._try()
        return await super().commit(*args)

    async def record_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Write, or fail."""
        self._try()
        await super().record_attempts(attempts)


@pytest.fixture
def failing() -> FailingStore:
    """Return the store below."""
    return FailingStore()


@pytest.fixture
def store(rig: Any, failing: FailingStore) -> Store:
    """Return the store above, which the rig now uses, as the engine sees it."""
    rig.use(failing)
    return rig.engine.store


@pytest.fixture
def retrying(rig: Any) -> Callable[[Store], RetryingStore]:
    """Return what puts patience over a store."""

    def make(store: Store) -> RetryingStore:
        return RetryingStore(store, StoreOutage(rig.runtime), rig.clock)

    return make
