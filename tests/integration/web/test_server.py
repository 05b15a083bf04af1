"""The server starts where it is told, bears slow clients for a while, and stops in order."""

import anyio
import httpx
import pytest
from starlette.types import Receive, Scope, Send

from integration.web.daemon import Daemon, Switchboard
from jobwatchd.web.listener import address_of, bind
from jobwatchd.web.protocol import MAX_HEAD, BoundedProtocol
from jobwatchd.web.server import serve_sockets

Address = tuple[str, int]


async def _ask(host: str, port: int, *parts: bytes) -> bytes:
    """Send parts of requests, each after an answer to the one before; return all that comes until the server closes."""
    answer = b""
    async with await anyio.connect_tcp(host, port) as stream:
        with anyio.fail_after(10):
            for part in parts:
                await stream.send(part)
                if part is not parts[-1]:
                    answer += await stream.receive()
            async for chunk in stream:
                answer += chunk
    return answer


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bear slow clients for a moment only."""
    monkeypatch.setattr(BoundedProtocol, "head_timeout_s", 0.05)


@pytest.fixture
def address(switchboard: Switchboard, daemon: Daemon) -> Address:
    """Where the daemon is served."""
    host, port = switchboard.url.removeprefix("http://").split(":")
    return host, int(port)


@pytest.mark.parametrize("head", [b"", b"GET /livez HTT", b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ", b"\r\n\r\n"])
async def test_a_head_that_never_ends_is_given_up(impatient: None, address: Address, head: bytes) -> None:
    """A connection on which no complete request arrives is closed, whatever part of one has come."""
    assert await _ask(*address, head or b"\n") == b""


async def test_a_second_head_that_never_ends_is_given_up(impatient: None, address: Address) -> None:
    """The same holds after a request that was answered."""
    answer = await _ask(*address, b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /livez HT")
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_an_answer_may_take_longer_than_a_head(
    impatient: None, daemon: Daemon, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patience ends for requests that do not come, not for answers that take time."""
    real_sleep = daemon.clock.sleep

    async def sleep(delay_s: float) -> None:
        await anyio.sleep(0.06)
        await real_sleep(delay_s)

    monkeypatch.setattr(daemon.clock, "sleep", sleep)
    assert (await client.get("/v1/events", params={"wait": "1s"})).json()["items"] == []


async def test_a_head_too_large_is_refused(address: Address) -> None:
    """Headers without end get 400, and the connection is closed."""
    answer = await _ask(*address, b"GET /livez HTTP/1.1\r\nX-Large: ".ljust(MAX_HEAD + 1, b"a"))
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_head_too_large_is_refused_at_once(address: Address) -> None:
    """The same where all of it comes in one go."""
    large = b"a" * MAX_HEAD
    answer = await _ask(*address, b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Large: " + large + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_client_that_leaves_is_no_trouble_of_ours(
    address: Address, switchboard: Switchboard, caplog: pytest.LogCaptureFixture
) -> None:
    """Requests that were sent ahead by somebody who is gone are dropped without a word."""
    done = anyio.Event()

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        done.set()

    switchboard.app = app
    async with await anyio.connect_tcp(*address) as stream:
        await stream.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
    with anyio.fail_after(10):
        await done.wait()
    assert caplog.records == []


@pytest.mark.parametrize("head", [b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", b"nonsense\r\n\r\n"])
async def test_what_is_not_http_is_refused(address: Address, head: bytes) -> None:
    """Nonsense gets 400, and the connection is closed."""
    assert (await _ask(*address, head)).startswith(b"HTTP/1.1 400 ")


async def test_the_server_does_not_say_what_it_is(stranger: httpx.AsyncClient) -> None:
    """No header tells the software."""
    assert "server" not in (await stranger.get("/livez")).headers


async def test_a_request_in_flight_is_answered_before_the_stop() -> None:
    """Cancelling the server lets what has begun come to its end, and then the port is free again."""
    [sock] = bind("127.0.0.1:0")
    address = address_of(sock)
    answers = []
    begun = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        while sock.fileno() != -1:  # noqa: ASYNC110 - the server closes it when it begins to stop, and tells nobody
            await anyio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})

    async def ask() -> None:
        async with httpx.AsyncClient() as client:
            answers.append((await client.get(f"http://{address}/")).text)

    async with anyio.create_task_group() as clients, anyio.create_task_group() as servers:
        await servers.start(serve_sockets, app, [sock])
        clients.start_soon(ask)
        await begun.wait()
        servers.cancel_scope.cancel()
    assert answers == ["done"]
    for again in bind(address):
        again.close()
