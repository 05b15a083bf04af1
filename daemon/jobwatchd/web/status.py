"""How the daemon fares, for people: `/v1/status`."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Literal, Self

from fastapi import APIRouter
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, Field

from jobwatchd.model.configuration import ConfigurationState
from jobwatchd.model.delivery import Backlog
from jobwatchd.ports import Clock, Heartbeats, Sinks, Store


class SourceStatus(BaseModel):
    """How one source fares."""

    name: str
    up: bool | None = Field(description="Whether it answers; null: not asked yet.")
    watches: dict[str, int] = Field(description="How many of its watches are in which state.")


class SinkStatus(BaseModel):
    """How one sink fares, and how far behind it is."""

    name: str
    configured: bool = Field(description="false: events wait for it, or were given up, though it is not configured.")
    state: Literal["ok", "unavailable", "disabled", "missing"] = Field(
        description="unavailable: nothing gets through, and it is probed. disabled: its receiver answered 410, it is "
        "off until it is enabled. missing: it is not configured, and what waits for it is dropped in time."
    )
    since: datetime | None = Field(description="Since when it is so; null where all is well.")
    reason: str | None = Field(description="What its receiver said, where it is unavailable or disabled.")
    pending: int
    dead: int
    oldest_at: datetime | None = Field(description="When the oldest event still waiting for it was told.")


class ConfigurationStatus(BaseModel):
    """Which configuration is in force, and what came of reading it last."""

    loaded_at: datetime = Field(description="When the one in force was read.")
    read_at: datetime = Field(description="When one was read last, at the start or at a reload.")
    in_force: bool = Field(description="Whether the one that was read last is in force, as a whole.")
    problems: list[str] = Field(description="Why it is not.")
    needs_restart: list[str] = Field(description="Keys that have changed and cannot while the process runs.")

    @classmethod
    def of(cls, state: ConfigurationState) -> Self:
        """Return the JSON form."""
        return cls(
            loaded_at=state.loaded_at,
            read_at=state.read_at,
            in_force=state.is_good,
            problems=list(state.problems),
            needs_restart=list(state.needs_restart),
        )


class Status(BaseModel):
    """How the daemon fares."""

    version: str
    uptime_s: float
    ready: bool
    problems: list[str] = Field(
        description="One sentence for each loop that makes no progress, and for what work waits for."
    )
    configuration: ConfigurationStatus
    sources: list[SourceStatus]
    sinks: list[SinkStatus] = Field(description="Those configured, and others that have anything pending or dead.")


class StatusReport:
    """Gathers the status."""

    def __init__(
        self,
        store: Store,
        sinks: Sinks,
        heartbeats: Heartbeats,
        *,
        registry: CollectorRegistry,
        configuration: Callable[[], ConfigurationState],
        clock: Clock,
        version: str,
    ) -> None:
        self._store = store
        self._sinks = sinks
        self._heartbeats = heartbeats
        self._registry = registry
        self._configuration = configuration
        self._clock = clock
        self._version = version
        self._started = clock.monotonic()

    def register(self, router: APIRouter) -> None:
        """Add the operation to `router`."""
        router.add_api_route("/status", self.show, operation_id="getStatus", summary="Tell how the daemon fares")

    async def show(self) -> Status:
        """Tell how the daemon fares."""
        return Status(
            version=self._version,
            uptime_s=self._clock.monotonic() - self._started,
            ready=self._heartbeats.ready,
            problems=[*self._heartbeats.problems(), *self._heartbeats.outages()],
            configuration=ConfigurationStatus.of(self._configuration()),
            sources=self._sources(),
            sinks=await self._sink_states(),
        )

    async def _sink_states(self) -> list[SinkStatus]:
        backlog = {each.sink: each for each in await self._store.backlog()}
        missing = await self._store.missing_sinks()
        states = {state.name: state for state in self._sinks.states()}
        found = []
        for name in sorted(states.keys() | backlog.keys()):
            state, behind = states.get(name), backlog.get(name) or Backlog(name, 0, 0, None)
            found.append(
                SinkStatus(
                    name=name,
                    configured=state is not None,
                    state="missing" if state is None else state.condition.value,
                    since=missing.get(name) if state is None else state.since,
                    reason=None if state is None else state.reason,
                    pending=behind.pending,
                    dead=behind.dead,
                    oldest_at=behind.oldest_at,
                )
            )
        return found

    def _sources(self) -> list[SourceStatus]:
        """Read what the metrics say about the sources: the lanes keep these two gauges current."""
        up: dict[str, bool] = {}
        watches: dict[str, dict[str, int]] = defaultdict(dict)
        for family in self._registry.restricted_registry(["jobwatchd_source_up", "jobwatchd_watches"]).collect():
            for sample in family.samples:
                source = sample.labels["source"]
                if sample.name == "jobwatchd_source_up":
                    up[source] = sample.value == 1
                else:
                    watches[source][sample.labels["state"]] = int(sample.value)
        names = sorted(up.keys() | watches.keys())
        return [SourceStatus(name=name, up=up.get(name), watches=watches[name]) for name in names]
