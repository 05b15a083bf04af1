"""The events of the daemon: `/v1/events`."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request

from jobwatchd.model.event import StoredEvent
from jobwatchd.web.context import Context, WebContext
from jobwatchd.web.inputs import EventSelection
from jobwatchd.web.outputs import EventBody, EventPage

LOOK_AGAIN_AFTER_S = 0.5
event_routes = APIRouter(prefix="/v1")


@event_routes.get("/events", operation_id="listEvents", summary="List events, or wait for the next ones")
async def list_told(context: Context, request: Request, wanted: Annotated[EventSelection, Query()]) -> EventPage:
    """List events in the order in which they were told."""
    stored = await _wait_for(context, wanted, request)
    return EventPage(
        items=[EventBody.of(each) for each in stored],
        next=stored[-1].position if stored else wanted.after,
    )


async def _wait_for(context: WebContext, wanted: EventSelection, request: Request) -> Sequence[StoredEvent]:
    """Look until something is there, the time is up, the client has gone, or the daemon stops."""
    clock, query = context.clock, wanted.query()
    until = clock.monotonic() + wanted.wait_s
    was_ready = context.heartbeats.ready
    stored = await context.store.list_events(query)
    while not stored and (left_s := until - clock.monotonic()) > 0:
        if (was_ready and not context.heartbeats.ready) or await request.is_disconnected():
            break
        await clock.sleep(min(LOOK_AGAIN_AFTER_S, left_s))
        stored = await context.store.list_events(query)
    return stored
