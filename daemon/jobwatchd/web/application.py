"""The HTTP application: everything put together."""

import json
from functools import cached_property
from typing import Any

from fastapi import APIRouter, FastAPI, Response, Security
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp, Receive, Scope, Send

from jobwatchd.web import problems
from jobwatchd.web.audit import Audit
from jobwatchd.web.bodies import JsonRoute
from jobwatchd.web.capacity import Capacity
from jobwatchd.web.connections import connection_limit
from jobwatchd.web.context import WebContext
from jobwatchd.web.deliveries import DeadLetters
from jobwatchd.web.events import Events
from jobwatchd.web.exposition import Exposition
from jobwatchd.web.gate import BearerGate
from jobwatchd.web.health import Health
from jobwatchd.web.problems import Problem
from jobwatchd.web.sinks import SinkControl
from jobwatchd.web.status import StatusReport
from jobwatchd.web.store_gate import StoreGate
from jobwatchd.web.watches import Watches

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
    open_to_all, api = _open_routes(context), _api_routes(context)
    problems.install(app, [*app.routes, *open_to_all.routes, *api.routes])
    app.include_router(open_to_all)
    app.include_router(api)
    app.add_middleware(StoreGate, heartbeats=context.heartbeats)
    # The last one is asked first: who has no token takes no room.
    app.add_middleware(Capacity, connections=connection_limit())
    app.add_middleware(BearerGate, tokens=context.tokens)
    app.add_middleware(HeadAsGet)
    return app


def _open_routes(context: WebContext) -> APIRouter:
    """Return what needs no token."""
    router = APIRouter(responses=problems.documented(405, 500))
    Health(context.store, context.heartbeats).register(router)
    Exposition(context.registry).register(router)
    return router


def _api_routes(context: WebContext) -> APIRouter:
    """Return what is under `/v1`."""
    router = APIRouter(
        prefix="/v1",
        route_class=JsonRoute,
        responses=problems.documented(400, 401, 403, 405, 421, 422, 500, 503),
        # Only describes the scheme: the gate has checked the token before FastAPI reads anything of the request.
        dependencies=[Security(HTTPBearer(auto_error=False, scheme_name="token"))],
    )
    store, sinks, audit = context.store, context.sinks, Audit(context.logger)
    Watches(store, context.watchlist, audit).register(router)
    Events(store, context.heartbeats, context.clock).register(router)
    DeadLetters(store, sinks, context.clock, audit).register(router)
    SinkControl(sinks, audit).register(router)
    StatusReport(context).register(router)
    return router


def _describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`, with the schema that all problem documents share."""
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document["components"]["schemas"]
    schemas.update(schema.pop("$defs"))
    schemas["Problem"] = schema
    return document
