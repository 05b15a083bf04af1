"""A store that can be out of order."""

from collections.abc import Sequence
from datetime import datetime

from jobwatchd.errors import StoreError
from jobwatchd.model.delivery import Attempt, Committed
from jobwatchd.model.health import HealthStep
from jobwatchd.model.transition import Step
from jobwatchd.ports import Route
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

    async def commit(
        self, steps: Sequence[Step], health: Sequence[HealthStep], route: Route, now: datetime
    ) -> Committed:
        """Write, or fail."""
        self._try()
        return await super().commit(steps, health, route, now)

    async def record_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Write, or fail."""
        self._try()
        await super().record_attempts(attempts)
