"""What the HTTP side asks and steers, handed over whole."""

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from jobwatchd.model.configuration import ConfigurationState
from jobwatchd.ports import Clock, Heartbeats, Sinks, Store, Watchlist
from jobwatchd.web.gate import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    """The daemon as its HTTP side sees it.

    `tokens`, by their names, is asked at each request, so that a reload changes who may use `/v1`; where it has none,
    clients on this machine may. `logger` is told of what they change. `configuration` says what came of reading it.
    """

    store: Store
    watchlist: Watchlist
    sinks: Sinks
    heartbeats: Heartbeats
    registry: CollectorRegistry
    logger: FilteringBoundLogger
    tokens: Tokens
    configuration: Callable[[], ConfigurationState]
    clock: Clock
    version: str
