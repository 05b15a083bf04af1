"""Kinds that other packages bring, by their entry points `jobwatchd.sources` and `jobwatchd.sinks`."""

import os
import sys
from collections.abc import Collection, Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import isabstract
from pathlib import Path
from typing import Any, TypeVar, get_args

from jobwatchd.kinds.sink import SinkSection
from jobwatchd.kinds.source import SourceSection

S = TypeVar("S", SourceSection, SinkSection)
_GROUP = "jobwatchd."


class PluginError(Exception):
    """A package brings a kind that cannot be used; the text names the package and says why."""


@cache
def _are_there() -> bool:
    """Whether any package brings kinds: nearly always none does, which the files themselves tell in half the time."""
    return any(f"[{_GROUP}".encode() in content for path in sys.path for content in _entry_points(path or "."))


def plugins(group: str) -> Collection[EntryPoint]:
    """Return what other packages bring; `group` is `sources` or `sinks`."""
    return entry_points(group=f"{_GROUP}{group}") if _are_there() else ()


def load(plugin: EntryPoint, base: type[S], taken: Collection[str]) -> type[S]:
    """Return the section of a kind; raises `PluginError`."""
    try:
        section: Any = plugin.load()
    except Exception as exc:
        says = f"{type(exc).__name__}: {exc}"
        raise PluginError(f"{_told(plugin)} cannot be loaded ({says}); expected it mended, or uninstalled") from exc
    if not (isinstance(section, type) and issubclass(section, base)) or isabstract(section):
        raise PluginError(f"{_told(plugin)} is of no use; expected a {base.__name__} that can be built")
    field = section.model_fields.get("kind")
    if field is None or get_args(field.annotation) != (plugin.name,):
        raise PluginError(f"{_told(plugin)} has another kind in its section; expected kind: Literal[{plugin.name!r}]")
    if plugin.name in taken:
        raise PluginError(f"{_told(plugin)} is there already, without that package; expected a name of its own")
    return section


def _entry_points(path: str) -> Iterator[bytes]:
    try:
        folders = [entry.path for entry in os.scandir(path) if entry.name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return
    for folder in folders:
        try:
            yield Path(folder, "entry_points.txt").read_bytes()
        except OSError:
            continue


def _told(plugin: EntryPoint) -> str:
    package = "unknown" if plugin.dist is None else f"{plugin.dist.name} {plugin.dist.version}"
    return f"package {package}: the {plugin.group.removeprefix(_GROUP).removesuffix('s')} kind {plugin.name}"
