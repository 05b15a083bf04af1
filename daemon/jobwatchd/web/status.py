"""How the daemon fares, for people: `/v1/status`."""

from datetime import datetime
from typing import Literal, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from jobwatchd.model.configuration import ConfigurationState
from jobwatchd.model.delivery import Backlog
from jobwatchd.model.health import SourceState
from jobwatchd.web.context import Context, WebContext


class SourceStatus(BaseModel):
    """How one source fares."""

    name: str
    up: bool | None = Field(description="Whether it answers; null: not asked yet.")
    watches: dict[str, int] = Field(description="How many of its watches are in which state.")

    @classmethod
    def of(cls, state: SourceState) -> Self:
        """Return the JSON form."""
        return cls(name=state.name, up=state.is_up, watches=dict(state.watches))


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


status_routes = APIRouter(prefix="/v1")


@status_routes.get("/status", operation_id="getStatus", summary="Tell how the daemon fares")
async def show_status(context: Context, request: Request) -> Status:
    """Tell how the daemon fares."""
    return Status(
        version=context.version,
        uptime_s=context.clock.monotonic() - request.app.state.started_s,
        ready=context.heartbeats.ready,
        problems=[*context.heartbeats.problems(), *context.heartbeats.outages()],
        configuration=ConfigurationStatus.of(context.configuration()),
        sources=[SourceStatus.of(state) for state in context.watchlist.source_states()],
        sinks=await _sink_states(context),
    )


async def _sink_states(context: WebContext) -> list[SinkStatus]:
    backlog = {each.sink: each for each in await context.store.backlog()}
    missing = await context.store.missing_sinks()
    states = {state.name: state for state in context.sinks.states()}
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
