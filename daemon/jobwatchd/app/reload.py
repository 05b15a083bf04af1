"""What changes when the configuration is read again.

Everything new is built before anything old is touched: a configuration that cannot work changes nothing.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import anyio.lowlevel

from jobwatchd.app.wiring import AdapterFactory
from jobwatchd.engine.sink_binding import SinkBinding
from jobwatchd.kinds.secrets import without_filed_secrets
from jobwatchd.ports import Source
from jobwatchd.settings import Settings

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
