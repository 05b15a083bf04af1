"""What the daemon is made of that depends on settings; `wiring` builds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.delivery import SinkBinding
from jobwatchd.engine.limits import LaneLimits
from jobwatchd.instruments import Registry
from jobwatchd.logs import QueuedOutput, Redactor
from jobwatchd.ports import Clock, Source, Store
from jobwatchd.rotation import Rotation
from jobwatchd.settings import Settings
from jobwatchd.telemetry import Telemetry


class Builder(Protocol):
    """Builds concrete adapters from settings; raises `ConfigError` for what cannot work."""

    def source(self, name: str, settings: Settings) -> Source:
        """Return a new source of this name."""

    def limits(self, name: str, settings: Settings) -> LaneLimits:
        """Return how that source is spared."""

    def binding(self, name: str, settings: Settings) -> SinkBinding:
        """Return a new sink of this name, with its filter and retries."""

    def tokens(self, settings: Settings) -> Mapping[str, str]:
        """Return the tokens that the API takes, by their names, as their file has them now."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the daemon is handed; `load` reads the configuration again, `jitter` yields numbers from 0 to 1."""

    settings: Settings
    load: Callable[[], Settings]
    builder: Builder
    store: Store
    clock: Clock
    jitter: Callable[[], float]
    registry: Registry
    telemetry: Telemetry
    logger: FilteringBoundLogger
    output: QueuedOutput
    rotation: Rotation
    redactor: Redactor
    version: str
