"""HEAD, for whoever wants to know without reading."""

from starlette.types import ASGIApp, Receive, Scope, Send


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
