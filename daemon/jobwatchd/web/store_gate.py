"""Bounds how long a request waits for the store, and refuses requests before the daemon has started."""

from starlette.types import ASGIApp, Receive, Scope, Send

from jobwatchd.ports import STORE_PATIENCE_S, Heartbeats
from jobwatchd.web.problems import RETRY_STORE_AFTER_S, ProblemResponse

# How long a request waits for a database that is locked, or whose disk is full, before it is refused with 503.
PATIENCE_S = 3.0


class StoreGate:
    """Refuses requests under `/v1` until the daemon has started, and has none of them wait for the store for ever."""

    def __init__(self, app: ASGIApp, heartbeats: Heartbeats) -> None:
        self._app = app
        self._heartbeats = heartbeats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 503, or pass the request on."""
        STORE_PATIENCE_S.set(PATIENCE_S)  # for this request alone: each is served in a context of its own
        if scope["type"] == "http" and scope["path"].startswith("/v1/") and not self._heartbeats.started:
            detail = " ".join(["The daemon is starting.", *self._heartbeats.outages()])
            refusal = ProblemResponse(503, detail, headers={"Retry-After": str(RETRY_STORE_AFTER_S)})
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)
