"""How much is worked on at a time, so that no kind of request takes the room of another."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobwatchd.web.problems import ProblemResponse

# At most, and at most this part of the connections that there may be, so that some are always free of work.
MAX_REQUESTS, REQUESTS_PART = 200, 4
# Each may hold a body of a mebibyte in memory, for as long as a client takes to send it.
MAX_CHANGES, CHANGES_PART = 16, 4
MAX_WAITING, WAITING_PART = 100, 4
MAX_SCRAPES, SCRAPES_PART = 32, 8
TRY_AGAIN_AFTER_S = 2
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})


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
