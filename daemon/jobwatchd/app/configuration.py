"""What is in force: the settings, and the sources, sinks and watches that are as they say.

A change is made whole. Everything new was built before it begins, and nothing of it can be refused any more; what has
to wait for the store, or for a request that is under way, is waited for.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

import anyio
from anyio.abc import TaskGroup

from jobwatchd.app.loops import Loops, retention
from jobwatchd.app.parts import Parts
from jobwatchd.app.reload import Change, needing_restart
from jobwatchd.engine.watchlist import Reconciled
from jobwatchd.model.configuration import ConfigurationState
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import WatchSpec
from jobwatchd.ports import Source
from jobwatchd.settings import Settings

Specs = Mapping[JobReference, WatchSpec]


class Configuration:
    """Puts configurations in force, one after the other, and says which one is."""

    def __init__(self, parts: Parts, loops: Loops) -> None:
        self.settings = parts.settings
        self._parts = parts
        self._loops = loops
        self._state = self._in_force()

    @property
    def state(self) -> ConfigurationState:
        """Which configuration is in force, and what came of reading it last."""
        return self._state

    async def prepare(self, change: Change, specs: Specs) -> None:
        """Make everything ready for the first configuration; `begin` begins to poll and to deliver."""
        await self._loops.watchlist.reconcile(specs)
        await self._load_lanes(change.sources)

    async def begin(self, change: Change, tasks: TaskGroup) -> None:
        """Deliver and poll from now on, in `tasks`."""
        await self._loops.dispatcher.open(list(change.bindings.values()), tasks)
        for name in change.sources:
            self._loops.watchlist.start(name, tasks)

    async def change(self, new: Settings, change: Change, specs: Specs, tasks: TaskGroup) -> Reconciled:
        """Go over to a configuration; sources and sinks that are gone leave no series behind."""
        loops = self._loops
        self.refuse(["it is being put in force"])
        self.settings = new
        await self._parts.rotation.refresh()
        loops.housekeeping.retention = retention(new)
        loops.watchlist.name_job = new.reference
        await loops.dispatcher.open(list(change.bindings.values()), tasks)
        for sink in loops.dispatcher.names:  # whoever reads the configuration again wants to be heard again
            loops.dispatcher.enable(sink)
        await self._stop_lanes(change)
        for name in change.retuned:
            limits = self._parts.builder.limits(name, new)
            loops.watchlist.lanes[name].configure(limits, new.sources[name].poll.cadence())
        done = await loops.watchlist.reconcile(specs)
        await self._load_lanes(change.sources)
        for name in change.sources:
            loops.watchlist.start(name, tasks)
        await loops.dispatcher.settle(change.closed_sinks)
        for name in change.closed_sources:
            self._parts.telemetry.forget_source(name)
        for name in change.closed_sinks:
            self._parts.telemetry.forget_sink(name)
        self._state = self._in_force()
        return done

    def refuse(self, problems: Collection[str]) -> None:
        """Note why a configuration is not in force, or not as a whole."""
        self._parts.telemetry.reload_successful.set(0)
        shown = tuple(map(self._parts.redactor.redact, problems))
        self._state = ConfigurationState(self._state.loaded_at, self._parts.clock.now(), shown)

    def _in_force(self) -> ConfigurationState:
        now = self._parts.clock.now()
        self._parts.telemetry.reload_successful.set(1)
        self._parts.telemetry.reload_success_time.set(now.timestamp())
        return ConfigurationState(now, now, needs_restart=needing_restart(self._parts.settings, self.settings))

    async def _stop_lanes(self, change: Change) -> None:
        """Stop polling what goes, and what is replaced: that goes on with the new watches, at the new address."""
        watchlist = self._loops.watchlist
        async with anyio.create_task_group() as stopping:
            for name in change.closed_sources:
                stopping.start_soon(watchlist.close, name)
            for name in change.sources:
                if name in watchlist.lanes:
                    stopping.start_soon(watchlist.halt, name)

    async def _load_lanes(self, sources: Mapping[str, Source]) -> None:
        """Make a lane for each source, with its watches: those of the lane it replaces, else those in the store."""
        watchlist = self._loops.watchlist
        new = set(sources) - set(watchlist.lanes)
        for source in sources.values():
            await watchlist.place(await self._loops.lane(source, self.settings))
        if new:
            linger_s = max(source.poll.linger for source in self.settings.sources.values())
            await watchlist.load(new, self._parts.clock.now() - timedelta(seconds=linger_s))
