"""The kinds of sources and sinks that there are: our own, those that other packages bring, and the presets.

Other packages bring theirs by entry points `jobwatchd.sources` and `jobwatchd.sinks`; ours are found the same way.
"""

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import isabstract
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args

from pydantic import Field

import jobwatchd
from jobwatchd.description import Description
from jobwatchd.kinds.sink import SinkSection
from jobwatchd.kinds.source import SourceSection

S = TypeVar("S", SourceSection, SinkSection)
_GROUP = "jobwatchd."
_OWN = {
    "jobwatchd.sources": {
        "nebula-explorer": "jobwatchd.sources.nebula_explorer.section:NebulaExplorerSettings",
        "telestream-up": "jobwatchd.sources.telestream_up.section:TelestreamUpSettings",
        "http-json": "jobwatchd.sources.http_json.section:HttpJsonSettings",
    },
    "jobwatchd.sinks": {
        "log": "jobwatchd.sinks.log.section:LogSinkSettings",
        "metrics": "jobwatchd.sinks.metrics.section:MetricsSinkSettings",
        "webhook": "jobwatchd.sinks.webhook.section:WebhookSinkSettings",
    },
}
_PACKAGE = Path(jobwatchd.__file__).parent
# In the wheel they are inside of the package; in a checkout they are where people look for them.
_FOLDERS = (_PACKAGE / "presets", _PACKAGE.parents[1] / "config" / "presets")

PROBLEMS: list[str] = []
"""What is wrong with the kinds of other packages."""


class PluginError(Exception):
    """A package brings a kind that cannot be used; the text names the package and says why."""


def preset_files() -> Mapping[str, Path]:
    """Return the file of each preset, by name, sorted: each is named after its kind."""
    folder = next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[-1])
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def load(kind: EntryPoint, base: type[S], taken: Collection[str]) -> type[S]:
    """Return the section of a kind; raises `PluginError`."""
    try:
        section: Any = kind.load()
    except Exception as exc:
        says = f"{type(exc).__name__}: {exc}"
        raise PluginError(f"{_told(kind)} cannot be loaded ({says}); expected it mended, or uninstalled") from exc
    if not (isinstance(section, type) and issubclass(section, base)) or isabstract(section):
        raise PluginError(f"{_told(kind)} is of no use; expected a {base.__name__} that can be built")
    field = section.model_fields.get("kind")
    if field is None or get_args(field.annotation) != (kind.name,):
        raise PluginError(f"{_told(kind)} has another kind in its section; expected kind: Literal[{kind.name!r}]")
    if kind.name in taken:
        raise PluginError(f"{_told(kind)} is there already, without that package; expected a name of its own")
    return section


def _kinds(group: str, base: type[S]) -> dict[str, type[S]]:
    kinds: dict[str, type[S]] = {}
    for kind in _brought(f"{_GROUP}{group}"):
        try:
            kinds[kind.name] = load(kind, base, {*kinds, *_PRESETS})
        except PluginError as exc:
            PROBLEMS.append(str(exc))
    return kinds


def _brought(group: str) -> Iterator[EntryPoint]:
    yield from (EntryPoint(name, value, group) for name, value in _OWN[group].items())
    if _are_there():
        yield from entry_points(group=group)


@cache
def _are_there() -> bool:
    """Whether any package brings kinds: nearly always none does, which the files themselves tell in half the time."""
    return any(f"[{_GROUP}".encode() in content for path in sys.path for content in _entry_points(path or "."))


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


def _told(kind: EntryPoint) -> str:
    package = "unknown" if kind.dist is None else f"{kind.dist.name} {kind.dist.version}"
    return f"package {package}: the {kind.group.removeprefix(_GROUP).removesuffix('s')} kind {kind.name}"


_PRESETS = preset_files()
SOURCES = _kinds("sources", SourceSection)  # type: ignore[type-abstract]
SINKS = _kinds("sinks", SinkSection)  # type: ignore[type-abstract]
KINDS = {"sources": SOURCES, "sinks": SINKS}
DESCRIBED, DescribedSettings = next(each for each in SOURCES.items() if Description in each[1].__mro__)
"""The kind of source that takes a description, which presets are too, and its section."""

if TYPE_CHECKING:
    AnySource = SourceSection
    AnySink = SinkSection
else:
    AnySource = Annotated[Union[tuple(SOURCES.values())], Field(discriminator="kind")]  # noqa: UP007 - of any number
    AnySink = Annotated[Union[tuple(SINKS.values())], Field(discriminator="kind")]  # noqa: UP007
