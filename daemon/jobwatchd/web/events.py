"""The events of the daemon: `/v1/events`."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request

from jobwatchd.model.event import StoredEvent
from jobwatchd.model.query import EventQuery
from jobwatchd.ports import Clock, Heartbeats, Store
from jobwatchd.web.inputs import EventSelection
from jobwatchd.web.outputs import EventBody, EventPage

LOOK_AGAIN_AFTER_S = 0.5


class Events:
    """What can be asked about events."""

    def __init__(self, store: Store, heartbeats: Heartbeats, clock: Clock) -> None:
        self._store = store
        self._heartbeats = heartbeats
        self._clock = clock

    def register(self, router: APIRouter) -> None:
        """Add the operations to `router`."""
        router.add_api_route(
            "/events", self.list, operation_id="listEvents", summary="List events, or wait for the next ones"
        )

    async def list(self, request: Request, wanted: Annotated[EventSelection, Query()]) -> EventPage:
        """List events in the order in which they were told."""
        query = EventQuery(
            after=wanted.after,
            limit=wanted.limit,
            watch_id=wanted.watch_id,
            source=wanted.source,
            types=tuple(wanted.type),
            newest_first=wanted.order == "newest",
        )
        stored = await self._wait_for(query, wanted.wait_s, request)
        return EventPage(
            items=[EventBody.of_stored(each) for each in stored],
            next=stored[-1].position if stored else wanted.after,
        )

    async def _wait_for(self, query: EventQuery, wait_s: float, request: Request) -> Sequence[StoredEvent]:
        """Look until something is there, the time is up, the client has gone, or the daemon stops."""
        until = self._clock.monotonic() + wait_s
        was_ready = self._heartbeats.ready
        stored = await self._store.list_events(query)
        while not stored and (left_s := until - self._clock.monotonic()) > 0:
            if (was_ready and not self._heartbeats.ready) or await request.is_disconnected():
                break
            await self._clock.sleep(min(LOOK_AGAIN_AFTER_S, left_s))
            stored = await self._store.list_events(query)
        return stored
