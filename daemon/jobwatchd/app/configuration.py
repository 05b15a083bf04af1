"""What is in force: the settings, and the sources, sinks and watches that are as they say.

A change is made whole. Everything new was built before it begins, and nothing of it can be refused any more; what has
to wait for the store, or for a request that is under way, is waited for.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

import anyio
from anyio.abc import TaskGroup

from jobwatchd.app.reload import Change, needing_restart
from jobwatchd.app.wiring import Wiring, retention
from jobwatchd.engine.watchlist import Reconciled
from jobwatchd.model.configuration import ConfigurationState
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import WatchSpec
from jobwatchd.ports import Source
from jobwatchd.settings import Settings

Specs = Mapping[JobReference, WatchSpec]


class Configuration:
    """Puts configurations in force, one after the other, and says which one is."""

    def __init__(self, wiring: Wiring) -> None:
        self.settings = wiring.settings
        self._wiring = wiring
        self._engine = wiring.engine
        self._clock = wiring.engine.runtime.clock
        self._state = self._in_force()

    @property
    def state(self) -> ConfigurationState:
        """Which configuration is in force, and what came of reading it last."""
        return self._state

    async def prepare(self, change: Change, specs: Specs) -> None:
        """Make everything ready for the first configuration; `begin` begins to poll and to deliver."""
        await self._engine.watchlist.reconcile(specs)
        await self._load_lanes(change.sources)

    async def begin(self, change: Change, tasks: TaskGroup) -> None:
        """Deliver and poll from now on, in `tasks`."""
        await self._engine.dispatcher.open(list(change.bindings.values()), tasks)
        for name in change.sources:
            self._engine.watchlist.start(name, tasks)

    async def change(self, new: Settings, change: Change, specs: Specs, tasks: TaskGroup) -> Reconciled:
        """Go over to a configuration; sources and sinks that are gone leave no series behind."""
        engine = self._engine
        self.refuse(["it is being put in force"])
        self.settings = new
        await self._wiring.rotation.refresh()
        engine.housekeeping.retention = retention(new)
        engine.watchlist.name_job = new.reference
        await engine.dispatcher.open(list(change.bindings.values()), tasks)
        for sink in engine.dispatcher.names:  # whoever reads the configuration again wants to be heard again
            engine.dispatcher.enable(sink)
        await self._stop_lanes(change)
        for name in change.retuned:
            engine.watchlist.lanes[name].configure(self._wiring.adapters.lane_policy(name, new))
        done = await engine.watchlist.reconcile(specs)
        await self._load_lanes(change.sources)
        for name in change.sources:
            engine.watchlist.start(name, tasks)
        await engine.dispatcher.settle(change.closed_sinks)
        for name in change.closed_sources:
            self._wiring.telemetry.forget_source(name)
        for name in change.closed_sinks:
            self._wiring.telemetry.forget_sink(name)
        self._state = self._in_force()
        return done

    def refuse(self, problems: Collection[str]) -> None:
        """Note why a configuration is not in force, or not as a whole."""
        self._wiring.telemetry.reload_successful.set(0)
        shown = tuple(map(self._wiring.redactor.redact, problems))
        self._state = ConfigurationState(self._state.loaded_at, self._clock.now(), shown)

    def _in_force(self) -> ConfigurationState:
        now = self._clock.now()
        self._wiring.telemetry.reload_successful.set(1)
        self._wiring.telemetry.reload_success_time.set(now.timestamp())
        return ConfigurationState(now, now, needs_restart=needing_restart(self._wiring.settings, self.settings))

    async def _stop_lanes(self, change: Change) -> None:
        """Stop polling what goes, and what is replaced: that goes on with the new watches, at the new address."""
        watchlist = self._engine.watchlist
        async with anyio.create_task_group() as stopping:
            for name in change.closed_sources:
                stopping.start_soon(watchlist.close, name)
            for name in change.sources:
                if name in watchlist.lanes:
                    stopping.start_soon(watchlist.halt, name)

    async def _load_lanes(self, sources: Mapping[str, Source]) -> None:
        """Make a lane for each source, with its watches: those of the lane it replaces, else those in the store."""
        watchlist = self._engine.watchlist
        new = set(sources) - set(watchlist.lanes)
        for source in sources.values():
            policy = self._wiring.adapters.lane_policy(source.name, self.settings)
            await watchlist.place(await self._engine.lane(source, policy))
        if new:
            linger_s = max(source.poll.linger for source in self.settings.sources.values())
            await watchlist.load(new, self._clock.now() - timedelta(seconds=linger_s))
