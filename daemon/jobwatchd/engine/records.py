"""Group record: what became of deliveries, gathered into one transaction."""

from collections.abc import Callable
from typing import NoReturn

import anyio

from jobwatchd.model.delivery import Attempt
from jobwatchd.ports import Clock, Store

MAX_GROUP = 500


class Records:
    """Writes attempts soon after they happened; nobody waits for it, so those of `gather_s` seconds are one group.

    Losing the last few in a crash means that their events are sent again, under the same ids: at least once.
    """

    def __init__(self, store: Store, clock: Clock, gather_s: float = 0.0) -> None:
        self._store = store
        self._clock = clock
        self._gather_s = gather_s
        self._queue: list[tuple[Attempt, Callable[[], None]]] = []
        self._wake = anyio.Event()
        self._lock = anyio.Lock()

    def submit(self, attempt: Attempt, written: Callable[[], None]) -> None:
        """Have an attempt written; `written` is called once it is."""
        self._queue.append((attempt, written))
        self._wake.set()

    async def run(self) -> NoReturn:
        """Write what is submitted, for ever; raises what the store raises."""
        while True:
            await self._wake.wait()
            if self._gather_s:
                await self._clock.sleep(self._gather_s)
            self._wake = anyio.Event()
            async with self._lock:
                if self._queue:  # else a flush was faster
                    await self._write()
            if self._queue:
                self._wake.set()

    async def flush(self) -> None:
        """Return when all that was submitted so far is written."""
        async with self._lock:
            while self._queue:
                await self._write()

    async def _write(self) -> None:
        group, self._queue = self._queue[:MAX_GROUP], self._queue[MAX_GROUP:]
        await self._store.record_attempts([attempt for attempt, _ in group])
        for _, written in group:
            written()
