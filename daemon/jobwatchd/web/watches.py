"""The watches of the daemon: `/v1/watches`."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Path, Query, Response

from jobwatchd.model.job import JobReference
from jobwatchd.model.query import EventQuery, WatchQuery
from jobwatchd.model.watch import Misfit, Origin, Watch, WatchSpec
from jobwatchd.ports import Store, Watchlist
from jobwatchd.values.watch_request import WatchRequest
from jobwatchd.web.audit import Audit, Caller
from jobwatchd.web.inputs import MAX_BATCH, MAX_ID, MAX_PAGE, WatchFilter
from jobwatchd.web.outputs import (
    AddedBody,
    BatchBody,
    EventBody,
    WatchBody,
    WatchHistoryBody,
    WatchPage,
    WatchRecordBody,
)
from jobwatchd.web.problems import MisfitError, documented

WatchId = Annotated[int, Path(ge=1, le=MAX_ID)]
_LOCATION = {
    "headers": {"Location": {"description": "The path of the watch.", "schema": {"type": "string"}}},
}
_ADDED: dict[int | str, dict[str, Any]] = {
    200: {
        "model": WatchBody,
        "description": "The job was watched already; its watch stays as it was.",
        **_LOCATION,
    },
    201: {"description": "The job is watched from now on.", **_LOCATION},
}
_BODY_PROBLEMS = documented(400, 408, 413, 415)


class Watches:
    """What can be asked and done about watches."""

    def __init__(self, store: Store, watchlist: Watchlist, audit: Audit) -> None:
        self._store = store
        self._watchlist = watchlist
        self._audit = audit

    def register(self, router: APIRouter) -> None:
        """Add the operations to `router`."""
        one = "/watches/{watch_id:int}"
        router.add_api_route(
            "/watches",
            self.add,
            methods=["POST"],
            status_code=201,
            operation_id="addWatch",
            summary="Follow a job; asking again changes nothing",
            responses=_ADDED | _BODY_PROBLEMS,
        )
        router.add_api_route(
            "/watches/batch",
            self.add_many,
            methods=["POST"],
            operation_id="addWatches",
            summary="Follow many jobs: all of them, or none where one does not fit",
            responses=_BODY_PROBLEMS,
        )
        router.add_api_route("/watches", self.list, operation_id="listWatches", summary="List watches")
        router.add_api_route(
            one, self.show, operation_id="getWatch", summary="Show a watch and its history", responses=documented(404)
        )
        router.add_api_route(
            one,
            self.remove,
            methods=["DELETE"],
            status_code=204,
            operation_id="removeWatch",
            summary="Stop following a job; its events stay",
            responses=documented(404),
        )

    async def add(self, wanted: WatchRequest, response: Response, by: Caller) -> WatchBody:
        """Follow one job."""
        [(watch, is_new)] = await self._add([wanted], by)
        response.status_code = 201 if is_new else 200
        response.headers["Location"] = f"/v1/watches/{watch.id}"
        return WatchBody.of(watch)

    async def add_many(
        self, wanted: Annotated[list[WatchRequest], Body(min_length=1, max_length=MAX_BATCH)], by: Caller
    ) -> BatchBody:
        """Follow many jobs."""
        added = await self._add(wanted, by)
        return BatchBody(items=[AddedBody(created=is_new, watch=WatchBody.of(watch)) for watch, is_new in added])

    async def list(self, wanted: Annotated[WatchFilter, Query()]) -> WatchPage:
        """List watches in the order of their ids."""
        if wanted.key is not None:
            record = await self._store.find_watch(JobReference(*wanted.key.split("/", 1)))
            return WatchPage(items=[] if record is None else [WatchRecordBody.of_record(record)], next=None)
        query = WatchQuery(
            after=wanted.after,
            limit=wanted.limit,
            source=wanted.source,
            state=wanted.state,
            active=wanted.active,
            labels=dict(label.split("=", 1) for label in wanted.label),
        )
        records = await self._store.list_watches(query)
        more = len(records) == wanted.limit
        return WatchPage(
            items=[WatchRecordBody.of_record(record) for record in records],
            next=records[-1].watch.id if more else None,
        )

    async def show(
        self, watch_id: WatchId, history: Annotated[int, Query(ge=0, le=MAX_PAGE)] = 100
    ) -> WatchHistoryBody:
        """Show one watch, and at most `history` of its events, the newest first."""
        record = await self._store.get_watch(watch_id)
        if record is None:
            raise _no_watch(watch_id)
        told = await self._store.list_events(EventQuery(watch_id=watch_id, limit=history, newest_first=True))
        events = [EventBody.of_stored(stored) for stored in told]
        return WatchHistoryBody(**WatchRecordBody.of_record(record).model_dump(), history=events)

    async def remove(self, watch_id: WatchId, by: Caller) -> None:
        """Stop following one job."""
        record = await self._store.get_watch(watch_id)  # which job it was is known before only
        if not await self._watchlist.remove(watch_id) or record is None:
            raise _no_watch(watch_id)
        self._audit.note("api.watch_removed", by, watch=watch_id, job=record.watch.ref.key)

    async def _add(self, wanted: Sequence[WatchRequest], by: str) -> Sequence[tuple[Watch, bool]]:
        specs: list[WatchSpec] = []
        misfits: list[tuple[int | None, Misfit]] = []
        for place, each in enumerate(wanted):
            policy = each.policy()
            try:
                ref = self._watchlist.reference(each.source, each.job, policy)
            except Misfit as misfit:
                misfits.append((place if len(wanted) > 1 else None, misfit))
            else:
                specs.append(WatchSpec(ref, each.labels, policy, Origin.API))
        if misfits:
            raise MisfitError(misfits)
        added = await self._watchlist.add(specs)
        for watch in (watch for watch, is_new in added if is_new):
            self._audit.note("api.watch_added", by, watch=watch.id, job=watch.ref.key, labels=watch.labels)
        return added


def _no_watch(watch_id: int) -> HTTPException:
    return HTTPException(404, f"There is no watch {watch_id}.")
