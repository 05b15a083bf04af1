"""A store that answers when it is let."""

from collections.abc import Sequence

import anyio

from jobwatchd.model.delivery import Attempt, Delivery
from jobwatchd.stores.memory import MemoryStore


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
