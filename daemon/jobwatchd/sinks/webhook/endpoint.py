"""Where a webhook goes and what goes there; its settings have checked all of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobwatchd.sinks.webhook.cloud_event import Mode


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL that takes events, what is sent to it beside them, and how they are put; the headers may be secret."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    mode: Mode = "structured"
    content_type: str = "application/cloudevents+json"
