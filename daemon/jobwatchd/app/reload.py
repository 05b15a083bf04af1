"""What changes when the configuration is read again.

Everything new is built before anything old is touched: a configuration that cannot work changes nothing. Then parts
are replaced one by one; a watch goes from lane to lane with what is remembered of it, and a sink's successor goes on
with what its predecessor left in the store.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from jobwatchd.app.parts import Builder
from jobwatchd.engine.delivery import Outlet
from jobwatchd.ports import Source
from jobwatchd.settings import Settings
from jobwatchd.settings.recipes import without_filed_secrets

# What is bound to the process; a change of these waits for a restart.
FIXED = ("store.url", "server.listen", "http.memory", "log")


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between two configurations, with everything built that it needs.

    `sources` are new, or to be replaced; `retuned` need new limits only. `waiting` names settings that a restart needs.
    """

    sources: Mapping[str, Source]
    retuned: Collection[str]
    closed_sources: Collection[str]
    outlets: Mapping[str, Outlet]
    closed_sinks: Collection[str]
    waiting: Collection[str]


def plan(old: Settings, new: Settings, builder: Builder) -> Change:
    """Build what leads from the old configuration to the new one; raises `ConfigError` and then changes nothing."""
    rebuilt = _changed(
        old.sources, new.sources, lambda source: without_filed_secrets(source).model_copy(update={"poll": None})
    )
    # What secret files hold is no part of the configuration: sources and sinks follow them by themselves.
    retuned = _changed(old.sources, new.sources, without_filed_secrets)
    return Change(
        sources={name: builder.source(name, new) for name in rebuilt},
        retuned=[name for name in retuned if name not in rebuilt],
        closed_sources=[name for name in old.sources if name not in new.sources],
        outlets={name: builder.outlet(name, new) for name in _changed(old.sinks, new.sinks, without_filed_secrets)},
        closed_sinks=[name for name in old.sinks if name not in new.sinks],
        waiting=[path for path in FIXED if _value(old, path) != _value(new, path)],
    )


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], view: Callable[[Any], Any]) -> list[str]:
    return [name for name, section in new.items() if name not in old or view(old[name]) != view(section)]


def _value(settings: Settings, path: str) -> object:
    value: object = settings
    for name in path.split("."):
        value = getattr(value, name)
    return value
