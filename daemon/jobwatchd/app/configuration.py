"""What is in force: the settings, and the sources, sinks and watches that are as they say.

A change is made whole. Everything new was built before it begins; what the store will not take is tried again until it
does, for half a configuration is none.
"""

import gc
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import TypeVar

import anyio
from anyio.abc import TaskGroup

from jobwatchd.app.loops import Loops, retention
from jobwatchd.app.parts import Parts
from jobwatchd.app.reload import Change, needing_restart
from jobwatchd.engine.watchlist import Reconciled
from jobwatchd.errors import StoreUnavailable
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.configuration import ConfigurationState
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import Watch, WatchSpec
from jobwatchd.ports import Source
from jobwatchd.settings import Settings

T = TypeVar("T")
Specs = Mapping[JobReference, WatchSpec]
# For as long as the store takes nothing.
RETRY = Backoff(first_s=0.5, factor=2.0, longest_s=10.0)


class Configuration:
    """Puts configurations in force, one after the other, and says which one is."""

    def __init__(self, parts: Parts, loops: Loops) -> None:
        self.settings = parts.settings
        self._parts = parts
        self._loops = loops
        now = parts.clock.now()
        self._state = ConfigurationState(now, now)

    @property
    def state(self) -> ConfigurationState:
        """Which configuration is in force, and what came of reading it last."""
        return self._state

    async def prepare(self, change: Change, specs: Specs) -> None:
        """Make everything ready for the first configuration; `begin` begins to poll and to deliver."""
        await self._reconcile(specs)
        await self._load_lanes(change.sources)

    async def begin(self, change: Change, tasks: TaskGroup) -> None:
        """Deliver and poll from now on, in `tasks`."""
        await self._loops.fanout.open(list(change.outlets.values()), tasks)
        for name in change.sources:
            self._loops.watchlist.start(name, tasks)
        self._note()

    async def change(self, new: Settings, change: Change, specs: Specs, tasks: TaskGroup) -> Reconciled:
        """Go over to a configuration; sources and sinks that are gone leave no series behind."""
        loops = self._loops
        self.settings = new
        loops.housekeeping.retention = retention(new)
        loops.watchlist.name_job = new.reference
        await loops.fanout.open(list(change.outlets.values()), tasks)
        await self._stop_lanes(change)
        for name in change.retuned:
            limits = self._parts.builder.limits(name, new)
            loops.watchlist.lanes[name].configure(limits, new.sources[name].poll.cadence())
        done = await self._reconcile(specs)
        await self._load_lanes(change.sources)
        for name in change.sources:
            loops.watchlist.start(name, tasks)
        await loops.fanout.settle(change.closed_sinks)
        for name in change.closed_sources:
            self._parts.telemetry.forget_source(name)
        for name in change.closed_sinks:
            self._parts.telemetry.forget_sink(name)
        self._note()
        return done

    def refuse(self, problems: Collection[str]) -> None:
        """Note why a configuration is not in force, or not as a whole."""
        self._parts.telemetry.reload_successful.set(0)
        shown = tuple(map(self._parts.redactor.redact, problems))
        self._state = ConfigurationState(self._state.loaded_at, self._parts.clock.now(), shown)

    def _note(self) -> None:
        now = self._parts.clock.now()
        self._parts.telemetry.reload_successful.set(1)
        self._parts.telemetry.reload_success_time.set(now.timestamp())
        waiting = needing_restart(self._parts.settings, self.settings)
        self._state = ConfigurationState(now, now, needs_restart=waiting)

    async def _stop_lanes(self, change: Change) -> None:
        """Stop polling what goes, and what is replaced: that goes on with the new watches, at the new address."""
        watchlist = self._loops.watchlist
        async with anyio.create_task_group() as stopping:
            for name in change.closed_sources:
                stopping.start_soon(watchlist.close, name)
            for name in change.sources:
                if name in watchlist.lanes:
                    stopping.start_soon(watchlist.halt, name)

    async def _reconcile(self, specs: Specs) -> Reconciled:
        return await self._insist(partial(self._loops.watchlist.reconcile, specs))

    async def _load_lanes(self, sources: Mapping[str, Source]) -> None:
        """Make a lane for each source, with its watches: those of the lane it replaces, else those in the store."""
        watchlist = self._loops.watchlist
        lanes = [await self._insist(partial(self._loops.lane, each, self.settings)) for each in sources.values()]
        watches = await self._insist(partial(self._stored, set(sources) - set(watchlist.lanes)))
        for lane in lanes:
            await watchlist.place(lane, watches.get(lane.source.name, ()))

    async def _stored(self, sources: Collection[str]) -> Mapping[str, list[Watch]]:
        watches: dict[str, list[Watch]] = {name: [] for name in sources}
        if watches:
            linger_s = max(source.poll.linger for source in self.settings.sources.values())
            ended_after = self._parts.clock.now() - timedelta(seconds=linger_s)
            async for batch in self._parts.store.load_watches(None, ended_after):
                for watch in batch:
                    if watch.source in watches:
                        watches[watch.source].append(watch)
        return watches

    async def _insist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Return what `attempt` returns, once the store lets it."""
        failures = 0
        while True:
            try:
                return await attempt()
            except StoreUnavailable as error:
                failures += 1
                if failures == 1:
                    self._parts.logger.warning("reload.waiting", error=str(error))
                gc.enable()  # a reload goes without; this may take long
                self.refuse([f"it is in force in parts, and will be as a whole: {error}"])
                await self._parts.clock.sleep(RETRY.delay_s(failures, self._parts.chance()))
