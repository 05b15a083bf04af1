"""What has to be done from time to time: see that the store works, prune what is old, keep the slow gauges."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from jobwatchd.engine.dispatcher import Dispatcher
from jobwatchd.engine.runtime import Runtime
from jobwatchd.engine.undeliverable import Undeliverable
from jobwatchd.ports import Store

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
