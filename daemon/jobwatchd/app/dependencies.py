"""What the daemon is handed: the engine, and what is built from settings; `jobwatchd.wiring` builds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from jobwatchd.engine.engine import Engine
from jobwatchd.engine.housekeeping import Retention
from jobwatchd.engine.runtime import LanePolicy, SinkBinding
from jobwatchd.logs import QueuedOutput, Redactor
from jobwatchd.ports import Source
from jobwatchd.rotation import Rotation
from jobwatchd.settings import Settings
from jobwatchd.telemetry import Telemetry


class AdapterFactory(Protocol):
    """Builds concrete adapters from settings; raises `ConfigError` for what cannot work."""

    def source(self, name: str, settings: Settings) -> Source:
        """Return a new source of this name."""

    def lane_policy(self, name: str, settings: Settings) -> LanePolicy:
        """Return how that source is polled."""

    def binding(self, name: str, settings: Settings) -> SinkBinding:
        """Return a new sink of this name, with its filter and retries."""

    def tokens(self, settings: Settings) -> Mapping[str, str]:
        """Return the tokens that the API takes, by their names, as their file has them now."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Everything the daemon is handed; `load` reads the configuration again."""

    settings: Settings
    load: Callable[[], Settings]
    adapters: AdapterFactory
    engine: Engine
    telemetry: Telemetry
    output: QueuedOutput
    rotation: Rotation
    redactor: Redactor
    version: str


def retention(settings: Settings) -> Retention:
    """Return how long ended watches and told events are kept."""
    store = settings.store
    return Retention(store.keep_finished, store.keep_events, store.keep_undeliverable)
