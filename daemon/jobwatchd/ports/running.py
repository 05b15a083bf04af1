"""Time, and the running daemon as the HTTP API sees and steers it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import anyio

from jobwatchd.model.delivery import SinkState
from jobwatchd.model.health import SourceState
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import Policy, Watch, WatchSpec


class Clock(Protocol):
    """Time, injected so that an hour of polling can be simulated in milliseconds."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards, from an arbitrary start."""

    async def sleep(self, delay_s: float) -> None:
        """Sleep for `delay_s` seconds."""

    async def wait(self, event: anyio.Event, timeout_s: float) -> None:
        """Return when `event` is set; after `timeout_s` seconds set it."""


class Watchlist(Protocol):
    """The watches of the running daemon, as the HTTP API and the reload change them."""

    def reference(self, source: str, job: Mapping[str, str], policy: Policy) -> JobReference:
        """Return the reference for named job parameters, to be watched like that; raises `Misfit`."""

    async def add(self, specs: Sequence[WatchSpec]) -> Sequence[tuple[Watch, bool]]:
        """Store watches and start to poll the new ones at once; see `Store.add_watches`."""

    async def remove(self, watch_id: int) -> bool:
        """Stop polling and remove a watch; False where there is none."""

    def source_states(self) -> Sequence[SourceState]:
        """Return how each source fares, by their names."""


class Sinks(Protocol):
    """The sinks of the running daemon, as the HTTP API sees and steers them."""

    def states(self) -> Sequence[SinkState]:
        """Return how each configured sink fares."""

    def enable(self, name: str) -> bool:
        """Go on with a sink whose receiver wanted no more events; returns whether that was so.

        Raises `KeyError` where no sink of this name is configured.
        """

    def rescan(self) -> None:
        """Have deliveries found soon that are pending again."""


class Heartbeats(Protocol):
    """Whether the process is well, told by the progress of its loops."""

    @property
    def ready(self) -> bool:
        """Whether start-up has come to its end, and shutdown has not begun."""

    @property
    def started(self) -> bool:
        """Whether start-up has come to its end."""

    def outages(self) -> Sequence[str]:
        """Return one sentence for each thing that work waits for; it passes, and a restart would not help."""

    def problems(self) -> Sequence[str]:
        """Return one sentence for each loop that made no progress for too long; empty when all is well."""
