"""What is in force: the settings, and the sources, sinks and watches that are as they say.

A change is made whole. Everything new is built before anything old is touched: a configuration that cannot work changes
nothing. Once it begins, nothing of it can be refused any more; what has to wait for the store, or for a request that is
under way, is waited for.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from jobwatchd.app.dependencies import AdapterFactory, Dependencies, retention
from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.engine.watchlist import Reconciled
from jobwatchd.kinds.secrets import without_filed_secrets
from jobwatchd.model.configuration import ConfigurationState
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import WatchSpec
from jobwatchd.ports import Source
from jobwatchd.settings import Settings

Specs = Mapping[JobReference, WatchSpec]
# What is bound to the process; a change of these waits for a restart.
FIXED = ("store.url", "server.listen", "http.memory", "log")


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between two configurations, with everything built that it needs.

    `sources` are new, or to be replaced; `retuned` need new limits only.
    """

    sources: Mapping[str, Source]
    retuned: Collection[str]
    closed_sources: Collection[str]
    bindings: Mapping[str, SinkBinding]
    closed_sinks: Collection[str]

    async def discard(self) -> None:
        """Close what was built, and was not used."""
        for source in self.sources.values():
            await source.close()
        for binding in self.bindings.values():
            await binding.sink.close()


async def plan(old: Settings, new: Settings, adapters: AdapterFactory) -> Change:
    """Build what leads from the old configuration to the new one; raises `ConfigError` and then leaves nothing open."""
    rebuilt = _changed(
        old.sources, new.sources, lambda source: without_filed_secrets(source).model_copy(update={"poll": None})
    )
    # What secret files hold is no part of the configuration: sources and sinks follow them by themselves.
    retuned = _changed(old.sources, new.sources, without_filed_secrets)
    sources: dict[str, Source] = {}
    bindings: dict[str, SinkBinding] = {}
    change = Change(
        sources=sources,
        retuned=[name for name in retuned if name not in rebuilt],
        closed_sources=[name for name in old.sources if name not in new.sources],
        bindings=bindings,
        closed_sinks=[name for name in old.sinks if name not in new.sinks],
    )
    try:
        for name in rebuilt:
            sources[name] = adapters.source(name, new)
            # Certificates are read, which takes a while for each.
            await anyio.lowlevel.checkpoint()
        for name in _changed_sinks(old, new):
            bindings[name] = adapters.binding(name, new)
            await anyio.lowlevel.checkpoint()
    except BaseException:
        with anyio.CancelScope(shield=True):
            await change.discard()
        raise
    return change


class Configuration:
    """Puts configurations in force, one after the other, and says which one is."""

    def __init__(self, dependencies: Dependencies) -> None:
        self.settings = dependencies.settings
        self._dependencies = dependencies
        self._engine = dependencies.engine
        self._clock = dependencies.engine.runtime.clock
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
        await self._dependencies.rotation.refresh()
        engine.housekeeping.retention = retention(new)
        engine.watchlist.name_job = new.reference
        await engine.dispatcher.open(list(change.bindings.values()), tasks)
        for sink in engine.dispatcher.names:  # whoever reads the configuration again wants to be heard again
            engine.dispatcher.enable(sink)
        await self._stop_lanes(change)
        for name in change.retuned:
            engine.watchlist.lanes[name].configure(self._dependencies.adapters.lane_policy(name, new))
        done = await engine.watchlist.reconcile(specs)
        await self._load_lanes(change.sources)
        for name in change.sources:
            engine.watchlist.start(name, tasks)
        await engine.dispatcher.settle(change.closed_sinks)
        for name in change.closed_sources:
            self._dependencies.telemetry.forget_source(name)
        for name in change.closed_sinks:
            self._dependencies.telemetry.forget_sink(name)
        self._state = self._in_force()
        return done

    def refuse(self, problems: Collection[str]) -> None:
        """Note why a configuration is not in force, or not as a whole."""
        self._dependencies.telemetry.reload_successful.set(0)
        shown = tuple(map(self._dependencies.redactor.redact, problems))
        self._state = ConfigurationState(self._state.loaded_at, self._clock.now(), shown)

    def _in_force(self) -> ConfigurationState:
        now = self._clock.now()
        self._dependencies.telemetry.reload_successful.set(1)
        self._dependencies.telemetry.reload_success_time.set(now.timestamp())
        return ConfigurationState(now, now, needs_restart=needing_restart(self._dependencies.settings, self.settings))

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
            policy = self._dependencies.adapters.lane_policy(source.name, self.settings)
            await watchlist.place(await self._engine.lane(source, policy))
        if new:
            linger_s = max(source.poll.linger for source in self.settings.sources.values())
            await watchlist.load(new, self._clock.now() - timedelta(seconds=linger_s))


def needing_restart(started: Settings, new: Settings) -> tuple[str, ...]:
    """Return the keys that were others when the process was started, and that it cannot change while it runs."""
    return tuple(path for path in FIXED if _value(started, path) != _value(new, path))


def _changed_sinks(old: Settings, new: Settings) -> list[str]:
    names = _changed(old.sinks, new.sinks, without_filed_secrets)
    if old.sources.keys() != new.sources.keys():
        # They show the counters of each source from its beginning, and none of a source that is gone.
        names += [name for name, sink in new.sinks.items() if sink.shows_sources and name not in names]
    return names


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], view: Callable[[Any], Any]) -> list[str]:
    return [name for name, section in new.items() if name not in old or view(old[name]) != view(section)]


def _value(settings: Settings, path: str) -> object:
    value: object = settings
    for name in path.split("."):
        value = getattr(value, name)
    return value
