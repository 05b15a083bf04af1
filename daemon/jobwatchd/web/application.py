"""The HTTP application: everything put together."""

import json
from functools import cached_property
from typing import Any

from anyio import CapacityLimiter
from fastapi import FastAPI, Response, Security
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp, Receive, Scope, Send

from jobwatchd.web import problems
from jobwatchd.web.bounds import Capacity, StoreGate
from jobwatchd.web.context import WebContext
from jobwatchd.web.deliveries import delivery_routes
from jobwatchd.web.events import event_routes
from jobwatchd.web.gate import BearerGate
from jobwatchd.web.monitoring import MAX_RENDERINGS, monitoring_routes
from jobwatchd.web.problems import Problem
from jobwatchd.web.protocol import connection_limit
from jobwatchd.web.status import status_routes
from jobwatchd.web.watches import watch_routes

API = (watch_routes, event_routes, delivery_routes, status_routes)
API_STATUSES = (400, 401, 403, 405, 421, 422, 500, 503)
DESCRIPTION = """\
jobwatchd follows jobs on remote systems and tells when they move.

Times are UTC (RFC 3339); durations that come in carry a unit (`250ms`, `5s`, `10m`, `6h`, `7d`), durations that go out
are seconds and named `…_s`. Every refusal is a problem document (RFC 9457). Lists are paged by key: give the `next` of
a page as the `after` of the next one.
"""


class Application(FastAPI):
    """FastAPI with our description of it."""

    @cached_property
    def _description(self) -> dict[str, Any]:
        return _describe(self)

    @cached_property
    def _described(self) -> bytes:
        return json.dumps(self._description).encode()

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made once."""
        return self._description

    def setup(self) -> None:
        """Serve the document as it was written once: it is large, and whoever asks for it needs no token."""
        self.add_api_route("/openapi.json", self._openapi, include_in_schema=False)

    async def _openapi(self) -> Response:
        return Response(self._described, media_type="application/json")


class HeadAsGet:
    """Has HEAD answered wherever GET is, with the same status and headers; the server leaves out the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, a HEAD as a GET."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            # A copy: it is by its own that the server knows that no body is wanted.
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


def build_app(context: WebContext) -> FastAPI:
    """Return the ASGI application of the daemon."""
    # No pages of documentation: they would load scripts from elsewhere into an operator's browser.
    app = Application(title="jobwatchd", version=context.version, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.context, app.state.started_s = context, context.clock.monotonic()
    app.state.renderings = CapacityLimiter(MAX_RENDERINGS)
    problems.install(app, [route for part in (app, monitoring_routes, *API) for route in part.routes])
    app.include_router(monitoring_routes, responses=problems.documented(405, 500))
    for part in API:
        # This only describes the scheme: the gate has checked the token before FastAPI reads anything of the request.
        token = Security(HTTPBearer(auto_error=False, scheme_name="token"))
        app.include_router(part, responses=problems.documented(*API_STATUSES), dependencies=[token])
    app.add_middleware(StoreGate, heartbeats=context.heartbeats)
    # The last one is asked first: who has no token takes no room.
    app.add_middleware(Capacity, connections=connection_limit())
    app.add_middleware(BearerGate, tokens=context.tokens)
    app.add_middleware(HeadAsGet)
    return app


def _describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`, with the schema that all problem documents share."""
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document["components"]["schemas"]
    schemas.update(schema.pop("$defs"))
    schemas["Problem"] = schema
    return document
