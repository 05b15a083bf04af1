"""Where events go."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Retry
from jobwatchd.model.event import EventType
from jobwatchd.model.filters import EventFilter
from jobwatchd.model.shown import shown
from jobwatchd.settings.credentials import HeaderSecret, SigningSecret
from jobwatchd.settings.section import Section
from jobwatchd.settings.units import Count, Duration, PositiveDuration
from jobwatchd.settings.urls import HookUrl
from jobwatchd.values.labels import Labels

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", re.ASCII)
_OWN_HEADERS = frozenset({"content-type", "content-length", "transfer-encoding", "content-encoding", "connection"})


def _check_pattern(pattern: str) -> str:
    if not any(fnmatchcase(kind, pattern) for kind in EventType):
        known = ", ".join(EventType)
        raise ValueError(
            f"{shown(pattern, [*EventType])} matches no event; expected one of {known}, or a pattern such as job.*"
        )
    return pattern


def _check_header_name(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError("expected the name of an HTTP header")
    if name.lower() in _OWN_HEADERS or name.lower().startswith("webhook-"):
        raise ValueError("this header is set by jobwatchd itself; expected another")
    return name


class RetrySettings(Section):
    """How long an event is tried: backing off up to `longest`, given up `max_age` after it happened.

    A receiver that refuses an event (a 4xx that promises nothing) is asked `rejections` times, and for `rejections_for`
    at least. What it asks for with Retry-After is obeyed up to `longest`.
    """

    first: PositiveDuration = 1.0
    factor: Annotated[float, Field(ge=1, le=10)] = 2.0
    longest: PositiveDuration = 600.0
    max_age: PositiveDuration = 3 * 86_400.0
    rejections: Count = 5
    rejections_for: Duration = 600.0


class TrustSettings(Section):
    """A PEM file of authorities to trust beside the system's."""

    ca_file: Path | None = None


class FilteredSinkSettings(Section):
    """What all sinks have in common: which events they want; empty means all."""

    events: tuple[Annotated[str, AfterValidator(_check_pattern)], ...] = ()
    sources: tuple[str, ...] = ()
    labels: Labels = Field(default_factory=dict)

    def event_filter(self) -> EventFilter:
        """Return the events that the sink wants."""
        return EventFilter(self.events, self.sources, self.labels)


class LogSinkSettings(FilteredSinkSettings):
    """One structured line an event."""

    kind: Literal["log"]


class MetricsSinkSettings(FilteredSinkSettings):
    """Counters and histograms for Prometheus."""

    kind: Literal["metrics"]


class WebhookSinkSettings(FilteredSinkSettings):
    """Signed CloudEvents over HTTP; the first of `secrets` signs first, all do while one is being replaced.

    An empty list, which has to be written, sends without signatures.
    """

    kind: Literal["webhook"]
    url: HookUrl
    secrets: tuple[SigningSecret, ...]
    secret_files: tuple[Path, ...] = ()
    headers: dict[Annotated[str, AfterValidator(_check_header_name)], HeaderSecret] = Field(default_factory=dict)
    http_client: Literal["pyreqwest", "httpx"] = "pyreqwest"
    tls: TrustSettings = TrustSettings()
    timeout: PositiveDuration = 15.0
    concurrency: Count = 16
    retry: RetrySettings = RetrySettings()

    def delivery_retry(self) -> Retry:
        """Return how long an event is tried."""
        backoff = Backoff(self.retry.first, self.retry.factor, self.retry.longest)
        return Retry(backoff, self.retry.max_age, self.retry.rejections, self.retry.rejections_for)


SinkSettings = Annotated[LogSinkSettings | MetricsSinkSettings | WebhookSinkSettings, Field(discriminator="kind")]
SINK_KINDS: Mapping[str, type[FilteredSinkSettings]] = {
    "log": LogSinkSettings,
    "metrics": MetricsSinkSettings,
    "webhook": WebhookSinkSettings,
}
