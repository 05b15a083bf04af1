"""The metrics, for Prometheus: `/metrics`."""

import gzip

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, gzip_accepted

from jobwatchd.web.context import Context
from jobwatchd.web.problems import documented

# Rendering takes 8 to 9 microseconds a series and holds the interpreter's lock; more than two at once only delay us.
MAX_RENDERINGS = 2
# Scrapes come often: level 1 is several times faster than the default, for a body a little larger.
GZIP_LEVEL = 1
_TEXT = {"schema": {"type": "string"}}
metrics_routes = APIRouter()


@metrics_routes.get(
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
