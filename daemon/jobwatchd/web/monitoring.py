"""What monitoring asks, without a token: `/livez`, `/readyz` and `/metrics`."""

import gzip
from typing import Any, Literal

import anyio
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, gzip_accepted
from pydantic import BaseModel, Field

from jobwatchd.errors import StoreError
from jobwatchd.ports import STORE_PATIENCE_S
from jobwatchd.web.context import Context, WebContext
from jobwatchd.web.problems import documented

# How long a probe waits for a store that says that it cannot be used, and for one that says nothing.
STORE_RETRY_S = 1.0
STORE_TIMEOUT_S = 2.0
# Rendering takes 8 to 9 microseconds a series and holds the interpreter's lock; more than two at once only delay us.
MAX_RENDERINGS = 2
# Scrapes come often: level 1 is several times faster than the default, for a body a little larger.
GZIP_LEVEL = 1
_TEXT = {"schema": {"type": "string"}}


class HealthBody(BaseModel):
    """How the process is."""

    status: Literal["ok", "unwell", "starting"] = Field(description="starting: also while it stops.")
    problems: list[str] = Field(description="One sentence each.")


monitoring_routes = APIRouter()
_UNWELL: dict[int | str, dict[str, Any]] = {503: {"model": HealthBody, "description": "Not well; the body says why."}}


@monitoring_routes.get(
    "/livez", operation_id="live", summary="Tell whether every loop makes progress", responses=_UNWELL
)
async def live(context: Context, response: Response) -> HealthBody:
    """Tell whether every loop makes progress; a restart is the cure if not."""
    return _answer(response, list(context.heartbeats.problems()), starting=False)


@monitoring_routes.get("/readyz", operation_id="ready", summary="Tell whether the daemon can serve", responses=_UNWELL)
async def ready(context: Context, response: Response) -> HealthBody:
    """Tell whether start-up has ended, every loop makes progress, and the store can be read and written."""
    heartbeats = context.heartbeats
    problems = [*heartbeats.problems(), *(heartbeats.outages() or await _store_problems(context))]
    return _answer(response, problems, starting=not heartbeats.ready)


async def _store_problems(context: WebContext) -> list[str]:
    if not context.heartbeats.ready:
        return []  # it is not open yet, or not any more
    STORE_PATIENCE_S.set(STORE_RETRY_S)
    try:
        with anyio.fail_after(STORE_TIMEOUT_S):
            await context.store.check()
    except TimeoutError:
        return [f"The store did not answer within {STORE_TIMEOUT_S:g} s."]
    except StoreError as exc:
        return [str(exc)]
    return []


def _answer(response: Response, problems: list[str], *, starting: bool) -> HealthBody:
    if problems or starting:
        response.status_code = 503
    if problems:
        return HealthBody(status="unwell", problems=problems)
    return HealthBody(status="starting" if starting else "ok", problems=[])


@monitoring_routes.get(
    "/metrics",
    operation_id="metrics",
    summary="Show the metrics, as Prometheus text or OpenMetrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": _TEXT, "application/openmetrics-text": _TEXT}},
        **documented(503),
    },
)
async def show_metrics(context: Context, request: Request) -> Response:
    """Show the metrics."""
    accept = ",".join(request.headers.getlist("accept"))
    compress = gzip_accepted(request.headers.get("accept-encoding", ""))
    limiter = request.app.state.renderings
    body, content_type = await to_thread.run_sync(_render, context.registry, accept, compress, limiter=limiter)
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
    if compress:
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers)


def _render(registry: CollectorRegistry, accept: str, compress: bool) -> tuple[bytes, str]:  # noqa: FBT001 - run_sync passes by position
    """Return the metrics in the format that the scraper asks for."""
    try:
        encoder, content_type = choose_encoder(accept)
    except TypeError:
        # A version that is not made of numbers cannot be compared, and the library tries.
        encoder, content_type = generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    body = encoder(registry)
    return gzip.compress(body, GZIP_LEVEL) if compress else body, content_type
