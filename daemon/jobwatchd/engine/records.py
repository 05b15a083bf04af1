"""Group record: what became of deliveries, gathered into one transaction."""

from collections.abc import Callable
from typing import NoReturn

from jobwatchd.engine.gathering import MAX_GROUP, Gathering
from jobwatchd.engine.vitals import Vitals
from jobwatchd.model.delivery import Attempt
from jobwatchd.ports import Clock, Store

_Item = tuple[Attempt, Callable[[Attempt], None] | None]


class Records:
    """Writes attempts soon after they happened; nobody waits for it.

    Losing the last few in a crash means that their events are sent again, under the same ids: at least once.
    """

    def __init__(self, store: Store, *, clock: Clock, vitals: Vitals, gather_s: float = 0.0) -> None:
        self._store = store
        self._gathering: Gathering[_Item] = Gathering(
            "records", self._write, gather_s=gather_s, clock=clock, vitals=vitals
        )

    def submit(self, attempt: Attempt, written: Callable[[Attempt], None] | None = None) -> None:
        """Have an attempt written; `written` is called once it is."""
        self._gathering.submit((attempt, written))

    async def run(self) -> NoReturn:
        """Write what is submitted, for ever; raises what the store raises."""
        await self._gathering.run()

    async def flush(self) -> None:
        """Return when all that was submitted so far is written."""
        await self._gathering.flush()

    async def _write(self, queue: list[_Item]) -> list[_Item]:
        group = queue[:MAX_GROUP]
        await self._store.record_attempts([attempt for attempt, _ in group])
        for attempt, written in group:
            if written is not None:
                written(attempt)
        return queue[MAX_GROUP:]
