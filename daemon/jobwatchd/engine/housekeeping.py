"""What has to be done from time to time: see that the store works, prune what is old, keep the slow gauges."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from jobwatchd.engine.dispatcher import Dispatcher
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


PULSE = "housekeeping"
ROUND_S = 5.0
PRUNE_EVERY_S = 600.0


@dataclass(frozen=True, slots=True)
class Retention:
    """How long ended watches, told events, and deliveries to sinks that are gone are kept, in seconds."""

    finished_s: float = 7 * 86_400.0
    events_s: float = 30 * 86_400.0
    undeliverable_s: float = 7 * 86_400.0


class Housekeeping:
    """Goes its round for ever."""

    def __init__(self, runtime: Runtime, retention: Retention, store: Store, dispatcher: Dispatcher) -> None:
        self.retention = retention
        self._store = store
        self._dispatcher = dispatcher
        self._heartbeats = runtime.heartbeats
        self._clock = runtime.clock
        self._observer = runtime.observer
        self._logger = runtime.logger
        self._undeliverable = Undeliverable(runtime, store)

    async def run(self) -> NoReturn:
        """Go round; raises only what the store raises."""
        self._heartbeats.register(PULSE, 12 * ROUND_S)
        prune_at_s = self._clock.monotonic()
        while True:
            # That the store cannot be written is known soon, also where there is nothing to write.
            await self._store.check()
            await self._gauge_backlog()
            if self._clock.monotonic() >= prune_at_s:
                await self._prune()
                prune_at_s = self._clock.monotonic() + PRUNE_EVERY_S
            self._heartbeats.progress(PULSE)
            await self._clock.sleep(ROUND_S)

    async def _prune(self) -> None:
        now = self._clock.now()
        finished_before = now - timedelta(seconds=self.retention.finished_s)
        events_before = now - timedelta(seconds=self.retention.events_s)
        while any(pruned := await self._store.prune(finished_before, events_before)):
            self._logger.info("store.pruned", watches=pruned.watches, events=pruned.events)
            self._heartbeats.progress(PULSE)

    async def _gauge_backlog(self) -> None:
        backlog = {sink.sink: sink for sink in await self._store.backlog()}
        names = set(self._dispatcher.names)
        for name in names:
            sink = backlog.get(name)
            self._observer.sink(name).backlog_counted(
                sink.pending if sink else 0, sink.dead if sink else 0, sink.oldest_at if sink else None
            )
        await self._undeliverable.review(list(backlog.values()), names, self.retention.undeliverable_s)
