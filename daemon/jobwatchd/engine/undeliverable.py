"""What waits for a sink that is not configured any more: kept for a while, should it come back, then dropped."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from jobwatchd.engine.runtime import Runtime
from jobwatchd.model.delivery import Backlog, left_s
from jobwatchd.ports import Store


@dataclass(frozen=True, slots=True)
class _Missing:
    """Since when a sink is missing, and when this process found it so, on both clocks."""

    since: datetime
    found_at: datetime
    found_s: float

    def is_over(self, keep_s: float, now_s: float) -> bool:
        return now_s >= self.found_s + left_s(self.since, keep_s, self.found_at)


class Undeliverable:
    """Knows the sinks that are missing while deliveries wait for them; since when they are is kept in the store."""

    def __init__(self, runtime: Runtime, store: Store) -> None:
        self._store = store
        self._clock = runtime.clock
        self._observer = runtime.observer
        self._logger = runtime.logger
        self._missing: dict[str, _Missing] | None = None

    async def review(self, backlog: Sequence[Backlog], configured: Collection[str], keep_s: float) -> None:
        """Take note of which sinks are missing, and drop what has waited for one of them for `keep_s`."""
        waiting = {sink.sink: sink.pending for sink in backlog if sink.pending and sink.sink not in configured}
        if self._missing is None or waiting.keys() != self._missing.keys():
            await self._note(waiting)
        now_s = self._clock.monotonic()
        for name, missing in list((self._missing or {}).items()):
            if missing.is_over(keep_s, now_s):
                await self._drop(name, missing.since)

    async def _note(self, waiting: Collection[str]) -> None:
        now, now_s, known = self._clock.now(), self._clock.monotonic(), self._missing or {}
        since = await self._store.mark_missing(waiting, now)
        self._missing = {name: known.get(name) or _Missing(at, now, now_s) for name, at in since.items()}
        for name in sorted(self._missing.keys() - known.keys()):
            why = "events wait for a sink that is not configured"
            self._logger.warning("sink.unknown", sink=name, why=why, since=str(self._missing[name].since))

    async def _drop(self, name: str, since: datetime) -> None:
        dropped = 0
        while some := await self._store.drop_pending(name):
            dropped += some
        self._observer.dropped(dropped)
        self._logger.warning("sink.dropped", sink=name, deliveries=dropped, missing_since=str(since))
