"""The watches of the daemon: `/v1/watches`."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Path, Query, Response

from jobwatchd.model.job import JobReference
from jobwatchd.model.query import EventQuery
from jobwatchd.model.watch import Misfit, Origin, Watch, WatchSpec
from jobwatchd.values.watch_request import WatchRequest
from jobwatchd.web.bounds import JsonRoute
from jobwatchd.web.context import Context, WebContext
from jobwatchd.web.gate import Caller
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
watch_routes = APIRouter(prefix="/v1/watches", route_class=JsonRoute)


@watch_routes.post(
    "",
    status_code=201,
    operation_id="addWatch",
    summary="Follow a job; asking again changes nothing",
    responses=_ADDED | _BODY_PROBLEMS,
)
async def add_one(context: Context, wanted: WatchRequest, response: Response, by: Caller) -> WatchBody:
    """Follow one job."""
    [(watch, is_new)] = await _add(context, [wanted], by)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/watches/{watch.id}"
    return WatchBody.of(watch)


@watch_routes.post(
    "/batch",
    operation_id="addWatches",
    summary="Follow many jobs: all of them, or none where one does not fit",
    responses=_BODY_PROBLEMS,
)
async def add_many(
    context: Context, wanted: Annotated[list[WatchRequest], Body(min_length=1, max_length=MAX_BATCH)], by: Caller
) -> BatchBody:
    """Follow many jobs."""
    added = await _add(context, wanted, by)
    return BatchBody(items=[AddedBody(created=is_new, watch=WatchBody.of(watch)) for watch, is_new in added])


@watch_routes.get("", operation_id="listWatches", summary="List watches")
async def list_all(context: Context, wanted: Annotated[WatchFilter, Query()]) -> WatchPage:
    """List watches in the order of their ids."""
    if wanted.key is not None:
        record = await context.store.find_watch(JobReference(*wanted.key.split("/", 1)))
        return WatchPage(items=[] if record is None else [WatchRecordBody.of_record(record)], next=None)
    records = await context.store.list_watches(wanted.query())
    more = len(records) == wanted.limit
    return WatchPage(
        items=[WatchRecordBody.of_record(record) for record in records],
        next=records[-1].watch.id if more else None,
    )


@watch_routes.get(
    "/{watch_id:int}", operation_id="getWatch", summary="Show a watch and its history", responses=documented(404)
)
async def show_one(
    context: Context, watch_id: WatchId, history: Annotated[int, Query(ge=0, le=MAX_PAGE)] = 100
) -> WatchHistoryBody:
    """Show one watch, and at most `history` of its events, the newest first."""
    record = await context.store.get_watch(watch_id)
    if record is None:
        raise _no_watch(watch_id)
    told = await context.store.list_events(EventQuery(watch_id=watch_id, limit=history, newest_first=True))
    events = [EventBody.of(stored) for stored in told]
    return WatchHistoryBody(**WatchRecordBody.of_record(record).model_dump(), history=events)


@watch_routes.delete(
    "/{watch_id:int}",
    status_code=204,
    operation_id="removeWatch",
    summary="Stop following a job; its events stay",
    responses=documented(404),
)
async def remove_one(context: Context, watch_id: WatchId, by: Caller) -> None:
    """Stop following one job."""
    record = await context.store.get_watch(watch_id)  # which job it was is known before only
    if not await context.watchlist.remove(watch_id) or record is None:
        raise _no_watch(watch_id)
    context.note("api.watch_removed", by, watch=watch_id, job=record.watch.ref.key)


async def _add(context: WebContext, wanted: Sequence[WatchRequest], by: str) -> Sequence[tuple[Watch, bool]]:
    specs: list[WatchSpec] = []
    misfits: list[tuple[int | None, Misfit]] = []
    for place, each in enumerate(wanted):
        policy = each.policy()
        try:
            ref = context.watchlist.reference(each.source, each.job, policy)
        except Misfit as misfit:
            misfits.append((place if len(wanted) > 1 else None, misfit))
        else:
            specs.append(WatchSpec(ref, each.labels, policy, Origin.API))
    if misfits:
        raise MisfitError(misfits)
    added = await context.watchlist.add(specs)
    for watch in (watch for watch, is_new in added if is_new):
        context.note("api.watch_added", by, watch=watch.id, job=watch.ref.key, labels=watch.labels)
    return added


def _no_watch(watch_id: int) -> HTTPException:
    return HTTPException(404, f"There is no watch {watch_id}.")
