"""Deliveries that were given up: `/v1/dead-letters`."""

from typing import Annotated

from fastapi import APIRouter, Query

from jobwatchd.ports import Clock, Sinks, Store
from jobwatchd.web.audit import Audit, Caller
from jobwatchd.web.inputs import DeadLetterFilter, ReplayRequest
from jobwatchd.web.outputs import DeadLetterBody, DeadLetterPage, ReplayedBody
from jobwatchd.web.problems import documented


class DeadLetters:
    """What can be asked and done about dead letters."""

    def __init__(self, store: Store, sinks: Sinks, clock: Clock, audit: Audit) -> None:
        self._store = store
        self._sinks = sinks
        self._clock = clock
        self._audit = audit

    def register(self, router: APIRouter) -> None:
        """Add the operations to `router`."""
        router.add_api_route(
            "/dead-letters", self.list, operation_id="listDeadLetters", summary="List what sinks would not take"
        )
        router.add_api_route(
            "/dead-letters/replay",
            self.replay,
            methods=["POST"],
            operation_id="replayDeadLetters",
            summary="Send dead letters again; those that are not dead are left alone",
            responses=documented(400, 408, 413, 415),
        )

    async def list(self, wanted: Annotated[DeadLetterFilter, Query()]) -> DeadLetterPage:
        """List dead letters in the order of their events."""
        letters = await self._store.list_dead_letters(wanted.query(wanted.limit))
        more = len({letter.position for letter in letters}) == wanted.limit
        return DeadLetterPage(
            items=[DeadLetterBody.of(letter) for letter in letters], next=letters[-1].position if more else None
        )

    async def replay(self, wanted: ReplayRequest, by: Caller) -> ReplayedBody:
        """Make dead letters pending again, as many as one transaction should."""
        replayed = await self._store.replay(wanted.query(wanted.limit, wanted.event_ids), self._clock.now())
        if replayed.count:
            self._sinks.rescan()
            # The store counts those that were dead; the rest is all that was asked for.
            asked = wanted.model_dump(mode="json", exclude_defaults=True, exclude={"limit", "after"})
            self._audit.note("api.dead_letters_replayed", by, replayed=replayed.count, **asked)
        return ReplayedBody(replayed=replayed.count, next=replayed.next)
