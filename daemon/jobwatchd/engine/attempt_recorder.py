"""Group record: what became of deliveries, gathered into one transaction."""

from collections.abc import Callable
from typing import NoReturn

from jobwatchd.engine.batcher import MAX_GROUP, Batcher
from jobwatchd.engine.runtime import Runtime
from jobwatchd.model.delivery import Attempt
from jobwatchd.ports import Store

_Key = tuple[str, int]


class AttemptRecorder:
    """Writes attempts soon after they happened; nobody waits for it.

    Of a delivery that was tried several times before it could be written only the last attempt is: as much waits as
    deliveries are held, however long the store takes. Losing the last few in a crash means that their events are sent
    again, under the same ids: at least once.
    """

    def __init__(self, runtime: Runtime, store: Store, delay_s: float = 0.0) -> None:
        self._store = store
        self._latest: dict[_Key, tuple[Attempt, Callable[[Attempt], None] | None]] = {}
        self._batcher: Batcher[_Key] = Batcher(runtime, "records", self._write, delay_s)

    def submit(self, attempt: Attempt, written: Callable[[Attempt], None] | None = None) -> None:
        """Have an attempt written; `written` is called once it is, unless another of the same delivery comes first."""
        key = (attempt.sink, attempt.position)
        is_new = key not in self._latest
        self._latest[key] = (attempt, written)
        if is_new:
            self._batcher.submit(key)

    async def run(self) -> NoReturn:
        """Write what is submitted, for ever; raises what the store raises."""
        await self._batcher.run()

    async def flush(self) -> None:
        """Return when all that was submitted so far is written."""
        await self._batcher.flush()

    async def _write(self, queue: list[_Key]) -> list[_Key]:
        group = {key: self._latest[key] for key in queue[:MAX_GROUP]}
        await self._store.record_attempts([attempt for attempt, _ in group.values()])
        left = queue[MAX_GROUP:]
        for key, item in group.items():
            if self._latest[key] is not item:
                left.append(key)  # tried again since
                continue
            del self._latest[key]
            attempt, written = item
            if written is not None:
                written(attempt)
        return left
