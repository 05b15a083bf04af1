"""What one request may take from the others: room, time, and bytes of its body."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import anyio
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobwatchd.ports import STORE_PATIENCE_S, Heartbeats
from jobwatchd.web.problems import RETRY_STORE_AFTER_S, ProblemResponse

# At most, and at most this part of the connections that there may be, so that some are always free of work.
MAX_REQUESTS, REQUESTS_PART = 200, 4
# Each may hold a body of a mebibyte in memory, for as long as a client takes to send it.
MAX_CHANGES, CHANGES_PART = 16, 4
MAX_WAITING, WAITING_PART = 100, 4
MAX_SCRAPES, SCRAPES_PART = 32, 8
TRY_AGAIN_AFTER_S = 2
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
# How long a request waits for a database that is locked, or whose disk is full, before it is refused with 503.
STORE_WAIT_S = 3.0
MAX_BODY = 1_048_576
BODY_TIMEOUT_S = 20.0


@dataclass(slots=True)
class _Room:
    size: int
    what: str
    taken: int = 0


class Capacity:
    """Answers 503 where too many requests of a kind are worked on; health checks always pass.

    Requests under `/v1`, those of them that bring a body or wait for events, and scrapes of the metrics have room of
    their own. What takes a place is the work: once an answer begins, a client that is slow to take it keeps nobody out.
    `connections` is how many there may be.
    """

    def __init__(self, app: ASGIApp, connections: int) -> None:
        self._app = app
        self._requests = _Room(_size(MAX_REQUESTS, connections, REQUESTS_PART), "requests are worked on")
        self._changes = _Room(_size(MAX_CHANGES, connections, CHANGES_PART), "requests with a body are worked on")
        self._waiting = _Room(_size(MAX_WAITING, connections, WAITING_PART), "requests wait for events")
        self._scrapes = _Room(_size(MAX_SCRAPES, connections, SCRAPES_PART), "scrapes are worked on")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 503, or pass the request on."""
        room = self._room(scope)
        if room is None:
            await self._app(scope, receive, send)
            return
        if room.taken >= room.size:
            detail = f"{room.size} {room.what} already, which is the most at a time."
            refusal = ProblemResponse(503, detail, headers={"Retry-After": str(TRY_AGAIN_AFTER_S)})
            await refusal(scope, receive, send)
            return
        is_here = True

        def leave() -> None:
            nonlocal is_here
            room.taken -= is_here
            is_here = False

        async def leave_and_send(message: Message) -> None:
            leave()
            await send(message)

        room.taken += 1
        try:
            await self._app(scope, receive, leave_and_send)
        finally:
            leave()

    def _room(self, scope: Scope) -> _Room | None:
        if scope["type"] != "http":
            return None
        path = scope["path"]
        if path == "/metrics":
            return self._scrapes
        if not path.startswith("/v1/"):
            return None
        if scope["method"] not in _WITHOUT_BODY:
            return self._changes
        return self._waiting if path == "/v1/events" and b"wait=" in scope["query_string"] else self._requests


def _size(most: int, connections: int, part: int) -> int:
    return max(1, min(most, connections // part))


class StoreGate:
    """Refuses requests under `/v1` until the daemon has started, and has none of them wait for the store for ever."""

    def __init__(self, app: ASGIApp, heartbeats: Heartbeats) -> None:
        self._app = app
        self._heartbeats = heartbeats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 503, or pass the request on."""
        STORE_PATIENCE_S.set(STORE_WAIT_S)  # for this request alone: each is served in a context of its own
        if scope["type"] == "http" and scope["path"].startswith("/v1/") and not self._heartbeats.started:
            detail = " ".join(["The daemon is starting.", *self._heartbeats.outages()])
            refusal = ProblemResponse(503, detail, headers={"Retry-After": str(RETRY_STORE_AFTER_S)})
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class JsonRoute(APIRoute):
    """A route whose body, if it takes one, is checked for its type, size and speed before it is parsed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, behind the checks where the operation takes a body."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler

        async def check_then_handle(request: Request) -> Response:
            _require_json(request)
            return await handler(Request(request.scope, bounded(request.receive)))

        return check_then_handle


def bounded(receive: Receive, max_size: int = MAX_BODY, timeout_s: float = BODY_TIMEOUT_S) -> Receive:
    """Return `receive` with an upper bound on the body's bytes and on the seconds from the first call to its end.

    What it returns raises `HTTPException`, 413 or 408.
    """
    size = 0
    complete = False
    deadline: float | None = None

    async def receive_bounded() -> Message:
        nonlocal size, complete, deadline
        if complete:
            return await receive()
        if deadline is None:
            deadline = anyio.current_time() + timeout_s
        try:
            with anyio.fail_after(deadline - anyio.current_time()):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, f"The body did not arrive within {timeout_s:g} s.") from None
        size += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if size > max_size:
            raise _too_large(max_size)
        return message

    return receive_bounded


def _require_json(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(415, "The body must be JSON: send the header `Content-Type: application/json`.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > MAX_BODY:
        raise _too_large(MAX_BODY)


def _too_large(max_size: int) -> HTTPException:
    return HTTPException(413, f"The body is larger than {max_size} bytes.")
