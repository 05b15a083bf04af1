"""A store that cannot be used for a while, and what the engine makes of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from jobwatchd.engine.retrying_store import RetryingStore
from jobwatchd.errors import StoreError
from jobwatchd.model.delivery import Attempt
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
def store(rig: Any, failing: FailingStore) -> RetryingStore:
    """Return the store above, which the rig now uses."""
    store = RetryingStore(
        failing, vitals=rig.vitals, clock=rig.clock, chance=rig.chance, telemetry=rig.telemetry, logger=rig.logger
    )
    rig.use(store)
    return store
