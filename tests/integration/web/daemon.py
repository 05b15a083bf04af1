"""A daemon's HTTP side over the store in memory, and what a test can turn of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import anyio
import anyio.lowlevel
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.testing import LogCapture

from jobwatchd.engine.watchlist import Watchlist
from jobwatchd.errors import StoreUnavailable
from jobwatchd.instruments import Registry
from jobwatchd.model.configuration import ConfigurationState
from jobwatchd.model.delivery import SinkCondition, SinkState
from jobwatchd.model.event import Event, StoredEvent
from jobwatchd.model.facts import NO_FACTS, JobFacts
from jobwatchd.model.health import SourceState
from jobwatchd.model.job import JobReference, Observation, State, Task
from jobwatchd.model.query import EventQuery
from jobwatchd.model.transition import advance
from jobwatchd.model.watch import DEFAULT_POLICY, NO_LABELS, Policy, Watch, WatchSpec
from jobwatchd.settings import Settings
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.telemetry import Telemetry
from jobwatchd.web.application import build_app
from jobwatchd.web.context import WebContext

START = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = "planted-token"
SOURCES: dict[str, Any] = {
    "graph": {
        "kind": "nebula-explorer",
        "base_url": "http://explorer.internal:7002",
        "account": "root",
        "password": "planted-password",
        "graphd": {"address": "10.0.0.5"},
        "poll": {"min_interval": "100ms", "max_interval": "10m"},
    },
    "media": {"kind": "telestream-up", "base_url": "https://up.example.com/api", "api_key": "planted-api-key"},
}


class ImpatientClock:
    """Time that passes as soon as somebody sleeps; counts the sleeps."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        """Return the start plus what was slept."""
        return START + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        """Return the seconds slept."""
        return self.elapsed_s

    async def sleep(self, delay_s: float) -> None:
        """Move on by `delay_s`."""
        self.sleeps.append(delay_s)
        self.elapsed_s += delay_s
        await anyio.lowlevel.checkpoint()

    async def wait(self, event: anyio.Event, timeout_s: float) -> None:
        """Return at once where the event is set, else after `timeout_s`."""
        if not event.is_set():
            await self.sleep(timeout_s)


class Store(MemoryStore):
    """The store in memory, with a switch to make it fail, and to make it hang."""

    broken = False
    hanging = False

    async def check(self) -> None:
        """Fail or hang where told to."""
        if self.hanging:
            await anyio.sleep_forever()
        self._fail_if_broken()

    async def list_events(self, query: EventQuery) -> Sequence[StoredEvent]:
        """Fail where told to."""
        self._fail_if_broken()
        return await super().list_events(query)

    def _fail_if_broken(self) -> None:
        if self.broken:
            raise StoreUnavailable("The database is locked.")


class Watched(Watchlist):
    """The daemon's own, without lanes, with a switch to make it fail in a way that nobody foresaw."""

    explodes = False
    fares: Sequence[SourceState] = ()

    def source_states(self) -> Sequence[SourceState]:
        """Return what was set."""
        return self.fares

    async def add(self, specs: Sequence[WatchSpec]) -> Sequence[tuple[Watch, bool]]:
        """Add to the store."""
        if self.explodes:
            raise RuntimeError("planted-detail")
        return await super().add(specs)


@dataclass
class FakeSinks:
    """Sinks that fare as they are set to; notes what it was asked for."""

    found: dict[str, SinkState] = field(default_factory=dict)
    rescans: int = 0

    def states(self) -> Sequence[SinkState]:
        """Return what was set."""
        return list(self.found.values())

    def enable(self, name: str) -> bool:
        """Let it be well; returns whether it was not."""
        was, self.found[name] = self.found[name], SinkState(name)
        return was.condition is SinkCondition.DISABLED

    def rescan(self) -> None:
        """Note it."""
        self.rescans += 1


@dataclass
class FakeHeartbeats:
    """As well as it is set to be."""

    ready: bool = True
    started: bool = True
    waits: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    def problems(self) -> Sequence[str]:
        """Return what was set."""
        return self.stuck

    def outages(self) -> Sequence[str]:
        """Return what was set."""
        return self.waits


@dataclass
class Daemon:
    """What a test can turn and look at, and where it is served."""

    sources: ClassVar[dict[str, Any]] = SOURCES
    clock: ImpatientClock = field(default_factory=ImpatientClock)
    store: Store = field(default_factory=Store)
    sinks: FakeSinks = field(default_factory=FakeSinks)
    log: LogCapture = field(default_factory=LogCapture)
    heartbeats: FakeHeartbeats = field(default_factory=FakeHeartbeats)
    registry: Registry = field(default_factory=Registry)
    tokens: dict[str, str] = field(default_factory=lambda: {"ci": TOKEN})
    url: str = ""

    def __post_init__(self) -> None:
        self.watchlist = Watched(self.store, self.clock, Settings(sources=SOURCES).reference)
        self.telemetry = Telemetry(self.registry)
        self.configuration = ConfigurationState(self.clock.now(), self.clock.now())
        self.app = build_app(
            WebContext(
                store=self.store,
                watchlist=self.watchlist,
                sinks=self.sinks,
                heartbeats=self.heartbeats,
                registry=self.registry,
                logger=structlog.wrap_logger(None, processors=[self.log]),
                tokens=lambda: self.tokens,
                configuration=lambda: self.configuration,
                clock=self.clock,
                version="1.2.3",
            )
        )

    async def watch(self, job_id: str, labels: Mapping[str, str] = NO_LABELS, policy: Policy = DEFAULT_POLICY) -> Watch:
        """Follow a job of `graph`."""
        spec = WatchSpec(JobReference.of("graph", [job_id]), labels, policy)
        [(watch, _)] = await self.store.add_watches([spec], self.clock.now())
        return watch

    async def stored(self, watch_id: int) -> Watch:
        """Return a watch as the store has it; it has to be there."""
        record = await self.store.get_watch(watch_id)
        assert record is not None
        return record.watch

    async def see(
        self,
        watch: Watch,
        *states: State,
        facts: JobFacts = NO_FACTS,
        error: str | None = None,
        tasks: tuple[Task, ...] = (),
    ) -> Watch:
        """Let the job be seen in these states, one after the other; everything goes to the sink `ci`."""
        for state in states:
            step = advance(watch, Observation(state, state.value, facts, error, tasks=tasks), self.clock.now())
            await self.store.commit([step], [], _to_ci, self.clock.now())
            watch = step.watch
        return watch


def _to_ci(_event: Event) -> Sequence[str]:
    return ["ci"]


class Switchboard:
    """An application that hands every request to another one, so that one server does for all tests of a file."""

    app: ASGIApp
    url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on the request."""
        await self.app(scope, receive, send)
