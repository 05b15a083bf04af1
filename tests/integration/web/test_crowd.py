"""Whatever clients do with their connections, health checks and scrapes get through."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import anyio
import httpx
import pytest
from anyio.abc import ByteStream
from starlette.types import ASGIApp, Receive, Scope, Send

from integration.web.daemon import Daemon, ImpatientClock
from jobwatchd.web import application, server
from jobwatchd.web.listener import bind
from jobwatchd.web.protocol import MAX_AHEAD, BoundedProtocol
from jobwatchd.web.server import serve_sockets

LIMIT = 8
ASK = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
POLL = b"GET /v1/events?wait=60s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer planted-token\r\n\r\n"
BODY = b"POST /v1/watches HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer planted-token\r\nContent-Length: 9\r\n"


class Crowd:
    """A server with room for few, and clients that stay."""

    def __init__(self, port: int, stack: AsyncExitStack) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._stack = stack

    async def connect(self, *sent: bytes) -> ByteStream:
        """Open a connection that stays open, and send something on it."""
        stream = await self._stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", self._port))
        for part in sent:
            await stream.send(part)
        return stream

    async def probes(self) -> dict[str, int]:
        """Ask, each on a new connection, for what has to be answered always."""
        headers = {"Authorization": "Bearer planted-token"}
        paths = ("/livez", "/readyz", "/metrics", "/v1/status")
        found = {}
        for path in paths:
            async with httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False) as client:
                found[path] = (await client.get(path)).status_code
        return found


Serving = Callable[[ASGIApp], Awaitable[Crowd]]
WELL = {"/livez": 200, "/readyz": 200, "/metrics": 200, "/v1/status": 200}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the application know how few connections there may be."""
    monkeypatch.setattr(application, "connection_limit", lambda: LIMIT)


@pytest.fixture
async def serving() -> AsyncIterator[Serving]:
    """Return what serves an application to few at a time."""
    async with anyio.create_task_group() as tasks, AsyncExitStack() as stack:

        async def start(app: ASGIApp) -> Crowd:
            [sock] = bind("127.0.0.1:0")
            await tasks.start(serve_sockets, app, [sock], LIMIT)
            return Crowd(sock.getsockname()[1], stack)

        yield start
        await stack.aclose()
        tasks.cancel_scope.cancel()


@pytest.fixture
async def crowd(daemon: Daemon, serving: Serving) -> Crowd:
    """Serve the daemon's HTTP side to few at a time."""
    return await serving(daemon.app)


def slow(clock: ImpatientClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no wait come to its end."""
    monkeypatch.setattr(clock, "sleep", lambda _delay_s: anyio.sleep(0.01))
    monkeypatch.setattr(clock, "monotonic", lambda: 0.0)


async def answer(stream: ByteStream) -> bytes:
    """Read one answer of `/livez`, or nothing from a connection that was closed."""
    received = b""
    try:
        while not received.endswith(b"}"):
            received += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return b""
    return received


async def read_all(stream: ByteStream) -> int:
    """Return how many bytes come until the server closes the connection."""
    received = 0
    try:
        while True:
            received += len(await stream.receive())
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return received


async def ask(stream: ByteStream) -> bool:
    """Whether an open connection still answers."""
    try:
        await stream.send(ASK)
    except anyio.BrokenResourceError:
        return False
    return (await answer(stream)).startswith(b"HTTP/1.1 200 ")


async def test_the_longest_idle_makes_room(crowd: Crowd) -> None:
    """One connection too many closes that on which nothing was asked for longest, and no other."""
    streams = [await crowd.connect() for _ in range(LIMIT)]
    assert [await ask(stream) for stream in streams] == [True] * LIMIT
    assert await ask(streams[0])
    assert await ask(await crowd.connect())
    assert [await ask(stream) for stream in streams] == [True, False] + [True] * (LIMIT - 2)


@pytest.mark.parametrize(
    "sent", [[], [b"GET /livez HTT"], [ASK + b"GET /livez HTTP/1.1\r\nX-Slow: "], [ASK], [POLL], [BODY + b"\r\n["]]
)
async def test_probes_are_answered_in_any_crowd(
    daemon: Daemon, crowd: Crowd, sent: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silent clients, slow ones, idle ones, and those that wait do not keep health checks and scrapes out."""
    slow(daemon.clock, monkeypatch)
    for _ in range(3 * LIMIT):
        await crowd.connect(*sent)
    found = await crowd.probes()
    assert {path: found[path] for path in ("/livez", "/readyz", "/metrics")} == {
        "/livez": 200,
        "/readyz": 200,
        "/metrics": 200,
    }


async def test_those_that_wait_do_not_keep_others_out(
    daemon: Daemon, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for events has room of its own; the others are answered, and one that finds no room is told so."""
    slow(daemon.clock, monkeypatch)
    for _ in range(LIMIT // 4):
        await crowd.connect(POLL)
    async with httpx.AsyncClient(base_url=crowd.url, headers={"Authorization": "Bearer planted-token"}) as client:
        refused = await client.get("/v1/events", params={"wait": "60s"})
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert int(refused.headers["retry-after"]) > 0
    assert await crowd.probes() == WELL


class Large:
    """An application that answers with more than any socket takes unread, and notes when its client is gone."""

    def __init__(self) -> None:
        self.gone = anyio.Event()

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and wait."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"33554432")]})
        await send({"type": "http.response.body", "body": bytes(33_554_431), "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone.set()


async def test_who_does_not_take_an_answer_is_given_up(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of which nothing is taken for a while is cut off."""
    monkeypatch.setattr(BoundedProtocol, "take_timeout_s", 0.05)
    monkeypatch.setattr(server, "TICKS_A_REVIEW", 1)
    app = Large()
    await (await serving(app)).connect(ASK)
    with anyio.fail_after(10):
        await app.gone.wait()


async def test_who_does_not_take_an_answer_makes_room(serving: Serving) -> None:
    """Clients that read nothing are given up for new ones as idle ones are."""
    crowd = await serving(Large())
    slow = [await crowd.connect(ASK) for _ in range(LIMIT)]
    await slow[-1].receive()
    async with httpx.AsyncClient(base_url=crowd.url) as client, client.stream("GET", "/") as response:
        assert response.status_code == 200


async def test_a_client_may_not_send_ahead_without_end(crowd: Crowd) -> None:
    """A few requests in one go are answered; of hundreds, none is worth the memory."""
    few = await crowd.connect(ASK * MAX_AHEAD)
    received = b""
    while received.count(b'"status":"ok"') < MAX_AHEAD:
        received += await few.receive()
    many = await crowd.connect(ASK * 10 * MAX_AHEAD)
    assert await read_all(many) < MAX_AHEAD * 1_000
