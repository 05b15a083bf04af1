"""Writes what became of deliveries, many in one transaction."""

from typing import NoReturn, Protocol

from jobwatchd.engine.batcher import MAX_GROUP, Batcher
from jobwatchd.engine.runtime import Runtime
from jobwatchd.model.delivery import Attempt
from jobwatchd.ports import Store

_Key = tuple[str, int]


class AttemptListener(Protocol):
    """Who is told once an attempt is on disk; nobody can wait for that, for a transaction lies between."""

    def on_committed(self, attempt: Attempt) -> None:
        """Note that an attempt is on disk."""


class AttemptRecorder:
    """Writes attempts soon after they happened; nobody waits for it.

    Of a delivery that was tried several times before it could be written only the last attempt is: as much waits as
    deliveries are held, however long the store takes. Losing the last few in a crash means that their events are sent
    again, under the same ids: at least once.
    """

    def __init__(self, runtime: Runtime, store: Store, delay_s: float = 0.0) -> None:
        self._store = store
        self._latest: dict[_Key, tuple[Attempt, AttemptListener | None]] = {}
        self._batcher: Batcher[_Key] = Batcher(runtime, "records", self, delay_s)

    def submit(self, attempt: Attempt, listener: AttemptListener | None = None) -> None:
        """Have an attempt written; `listener` is told once it is, unless another of the same delivery comes first."""
        key = (attempt.sink, attempt.position)
        is_new = key not in self._latest
        self._latest[key] = (attempt, listener)
        if is_new:
            self._batcher.submit(key)

    async def run(self) -> NoReturn:
        """Write what is submitted, for ever; raises what the store raises."""
        await self._batcher.run()

    async def flush(self) -> None:
        """Return when all that was submitted so far is written."""
        await self._batcher.flush()

    async def write(self, queue: list[_Key]) -> list[_Key]:
        """Write a part of what waits, and return the rest; raises what the store raises."""
        group = {key: self._latest[key] for key in queue[:MAX_GROUP]}
        await self._store.record_attempts([attempt for attempt, _ in group.values()])
        left = queue[MAX_GROUP:]
        for key, item in group.items():
            if self._latest[key] is not item:
                left.append(key)  # tried again since
                continue
            del self._latest[key]
            attempt, listener = item
            if listener is not None:
                listener.on_committed(attempt)
        return left
