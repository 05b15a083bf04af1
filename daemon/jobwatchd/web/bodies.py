"""Request bodies: JSON, of bounded size, within bounded time."""

from collections.abc import Callable, Coroutine
from typing import Any

import anyio
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

MAX_BODY = 1_048_576
BODY_TIMEOUT_S = 20.0


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
