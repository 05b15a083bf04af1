"""The kinds of sources and sinks that there are."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar, Union, get_args

from pydantic import BaseModel, Field

from jobwatchd.kinds.sink import SinkSection
from jobwatchd.kinds.source import SourceSection
from jobwatchd.settings.plugins import PluginError, load, plugins
from jobwatchd.settings.preset_files import preset_files
from jobwatchd.sinks.log.section import LogSinkSettings
from jobwatchd.sinks.metrics.section import MetricsSinkSettings
from jobwatchd.sinks.webhook.section import WebhookSinkSettings
from jobwatchd.sources.http_json.section import HttpJsonSettings
from jobwatchd.sources.nebula_explorer.section import NebulaExplorerSettings
from jobwatchd.sources.telestream_up.section import TelestreamUpSettings

S = TypeVar("S", SourceSection, SinkSection)


def kind_of(section: type[BaseModel]) -> str:
    """Return the name of a kind, which its section has as the literal `kind`."""
    [kind] = get_args(section.model_fields["kind"].annotation)
    return str(kind)


def _kinds(group: str, base: type[S], own: Sequence[type[S]]) -> dict[str, type[S]]:
    kinds: dict[str, type[S]] = {kind_of(section): section for section in own}
    for plugin in plugins(group):
        try:
            kinds[plugin.name] = load(plugin, base, {*kinds, *preset_files()})
        except PluginError as exc:
            PROBLEMS.append(str(exc))
    return kinds


PROBLEMS: list[str] = []
"""What is wrong with the kinds of other packages."""

OWN_SOURCES: Sequence[type[SourceSection]] = (
    NebulaExplorerSettings,
    TelestreamUpSettings,
    HttpJsonSettings,
)
OWN_SINKS: Sequence[type[SinkSection]] = (
    LogSinkSettings,
    MetricsSinkSettings,
    WebhookSinkSettings,
)
SOURCES = _kinds("sources", SourceSection, OWN_SOURCES)  # type: ignore[type-abstract]
SINKS = _kinds("sinks", SinkSection, OWN_SINKS)  # type: ignore[type-abstract]
KINDS: Mapping[str, Mapping[str, type[BaseModel]]] = {"sources": SOURCES, "sinks": SINKS}

if TYPE_CHECKING:
    AnySource = SourceSection
    AnySink = SinkSection
else:
    AnySource = Annotated[Union[tuple(SOURCES.values())], Field(discriminator="kind")]  # noqa: UP007 - of any number
    AnySink = Annotated[Union[tuple(SINKS.values())], Field(discriminator="kind")]  # noqa: UP007
