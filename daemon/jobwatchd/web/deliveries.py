"""Deliveries that were given up, and sinks that are off: `/v1/dead-letters`, `/v1/sinks`."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query

from jobwatchd.web.bounds import JsonRoute
from jobwatchd.web.context import Context
from jobwatchd.web.gate import Caller
from jobwatchd.web.inputs import DeadLetterFilter, ReplayRequest
from jobwatchd.web.outputs import DeadLetterBody, DeadLetterPage, EnabledBody, ReplayedBody
from jobwatchd.web.problems import documented

SinkName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["ci"])]
delivery_routes = APIRouter(prefix="/v1", route_class=JsonRoute)


@delivery_routes.get("/dead-letters", operation_id="listDeadLetters", summary="List what sinks would not take")
async def list_dead(context: Context, wanted: Annotated[DeadLetterFilter, Query()]) -> DeadLetterPage:
    """List dead letters in the order of their events."""
    letters = await context.store.list_dead_letters(wanted.query())
    more = len({letter.position for letter in letters}) == wanted.limit
    return DeadLetterPage(
        items=[DeadLetterBody.of(letter) for letter in letters], next=letters[-1].position if more else None
    )


@delivery_routes.post(
    "/dead-letters/replay",
    operation_id="replayDeadLetters",
    summary="Send dead letters again; those that are not dead are left alone",
    responses=documented(400, 408, 413, 415),
)
async def replay_dead(context: Context, wanted: ReplayRequest, by: Caller) -> ReplayedBody:
    """Make dead letters pending again, as many as one transaction should."""
    replayed = await context.store.replay(wanted.query(wanted.event_ids), context.clock.now())
    if replayed.count:
        context.sinks.rescan()
        # The store counts those that were dead; the rest is all that was asked for.
        asked = wanted.model_dump(mode="json", exclude_defaults=True, exclude={"limit", "after"})
        context.note("api.dead_letters_replayed", by, replayed=replayed.count, **asked)
    return ReplayedBody(replayed=replayed.count, next=replayed.next)


@delivery_routes.post(
    "/sinks/{name}/enable",
    operation_id="enableSink",
    summary="Go on with a sink whose receiver wanted no more events (410)",
    responses=documented(404),
)
async def enable_one(context: Context, name: SinkName, by: Caller) -> EnabledBody:
    """Go on with a sink: what waits for it is sent now."""
    try:
        enabled = context.sinks.enable(name)
    except KeyError:
        raise HTTPException(404, f"There is no sink {name}.") from None
    if enabled:
        context.note("api.sink_enabled", by, sink=name)
    return EnabledBody(name=name, enabled=enabled)
