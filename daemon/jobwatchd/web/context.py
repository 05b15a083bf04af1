"""What the HTTP side asks and steers, handed over whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from jobwatchd.model.configuration import ConfigurationState
from jobwatchd.ports import Clock, Heartbeats, Sinks, Store, Watchlist
from jobwatchd.web.gate import Tokens

ApiChange = Literal["api.watch_added", "api.watch_removed", "api.dead_letters_replayed", "api.sink_enabled"]


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

    def note(self, change: ApiChange, by: str, **what: object) -> None:
        """Log what was changed, after it was, `by` the token of that name; what changes nothing is not told."""
        self.logger.info(change, by=by, **what)


async def _context(request: Request) -> WebContext:
    context: WebContext = request.app.state.context
    return context


Context = Annotated[WebContext, Depends(_context)]
"""What an operation takes to get it."""
