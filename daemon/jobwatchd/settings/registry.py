"""The kinds of sources and sinks that there are."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, TypeVar, Union, get_args

from pydantic import BaseModel, Field

from jobwatchd.kinds.sink import SinkSection
from jobwatchd.kinds.source import SourceSection
from jobwatchd.sinks.log.section import LogSinkSettings
from jobwatchd.sinks.metrics.section import MetricsSinkSettings
from jobwatchd.sinks.webhook.section import WebhookSinkSettings
from jobwatchd.sources.http_json.section import HttpJsonSettings
from jobwatchd.sources.nebula_explorer.section import NebulaExplorerSettings
from jobwatchd.sources.telestream_up.section import TelestreamUpSettings

S = TypeVar("S", bound=BaseModel)


def kind_of(section: type[BaseModel]) -> str:
    """Return the name of a kind, which its section has as the literal `kind`."""
    [kind] = get_args(section.model_fields["kind"].annotation)
    return str(kind)


def _by_kind(sections: Iterable[type[S]]) -> Mapping[str, type[S]]:
    return {kind_of(section): section for section in sections}


SOURCES: Mapping[str, type[SourceSection]] = _by_kind([NebulaExplorerSettings, TelestreamUpSettings, HttpJsonSettings])
SINKS: Mapping[str, type[SinkSection]] = _by_kind([LogSinkSettings, MetricsSinkSettings, WebhookSinkSettings])
KINDS: Mapping[str, Mapping[str, type[BaseModel]]] = {"sources": SOURCES, "sinks": SINKS}

if TYPE_CHECKING:
    AnySource = SourceSection
    AnySink = SinkSection
else:
    AnySource = Annotated[Union[tuple(SOURCES.values())], Field(discriminator="kind")]  # noqa: UP007 - of any number
    AnySink = Annotated[Union[tuple(SINKS.values())], Field(discriminator="kind")]  # noqa: UP007
