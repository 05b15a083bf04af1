"""What a client makes of servers that fail."""

import socket
from collections.abc import Awaitable, Callable, Iterator

import anyio
import pytest

from conformance.http.raw_server import Exchange, Server
from jobwatchd.errors import SourceUnavailable
from jobwatchd.ports import HttpClient

Connect = Callable[..., HttpClient]
Serve = Callable[..., Awaitable[Server]]


@pytest.fixture
def unused_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def full_port() -> Iterator[int]:
    """Return a port whose queue of connections is full: Linux then drops what else would come in."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.settimeout(0)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for filler in fillers:
            filler.close()


async def test_refused_connection_is_unavailable(connect: Connect, unused_port: int) -> None:
    """Nobody listens: the message says so, and to which request."""
    with pytest.raises(SourceUnavailable, match=r"GET http://127\.0\.0\.1:\d+/jobs failed: could not connect .*111"):
        await connect().request("GET", f"http://127.0.0.1:{unused_port}/jobs", {})


async def test_unknown_host_is_unavailable(connect: Connect) -> None:
    """A name that does not resolve is an outage like any other."""
    with pytest.raises(SourceUnavailable, match=r"could not connect .*[Nn]ame"):
        await connect().request("GET", "http://host.invalid/", {})


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_reset_before_the_headers_is_unavailable(connect: Connect, serve: Serve, method: str) -> None:
    """A request that is cut is not sent again."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        exchange.reset()

    server = await serve(handle)
    with pytest.raises(SourceUnavailable, match="failed: "):
        await connect().request(method, server.url, {})
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.7\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n\x1f\x8b\x08",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2_000_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "not-http", "cut-headers", "cut-body", "cut-chunks", "bad-chunk", "cut-gzip", "huge-header"],
)
async def test_answer_that_is_not_whole_is_unavailable(connect: Connect, serve_bytes: Serve, response: bytes) -> None:
    """What is not HTTP, or breaks off, is no answer; a part of a body is never handed over."""
    server = await serve_bytes(response)
    with pytest.raises(SourceUnavailable, match="failed: "):
        await connect().request("GET", server.url, {})


async def test_reset_within_the_body_is_unavailable(connect: Connect, serve: Serve) -> None:
    """An RST in the middle of a body is an outage, not a short body."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000)
        exchange.reset()

    server = await serve(handle)
    with pytest.raises(SourceUnavailable, match="failed: "):
        await connect().request("GET", server.url, {})


async def test_slow_headers_end_with_the_read_timeout(connect: Connect, serve: Serve) -> None:
    """A server that takes the request and says nothing is given up after the read timeout."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.wait_until_left()

    server = await serve(handle)
    # Without the read timeout, the total one would end the request too, after ten seconds.
    with anyio.fail_after(5), pytest.raises(SourceUnavailable, match=r"timed out while waiting .*0\.15 s"):
        await connect(read_timeout_s=0.15).request("GET", server.url, {})


async def test_stalled_body_ends_with_the_read_timeout(connect: Connect, serve: Serve) -> None:
    """A body that stops coming is given up after the read timeout."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await exchange.wait_until_left()

    server = await serve(handle)
    # Without the read timeout, the total one would end the request too, after ten seconds.
    with anyio.fail_after(5), pytest.raises(SourceUnavailable, match=r"timed out while waiting .*0\.15 s"):
        await connect(read_timeout_s=0.15).request("GET", server.url, {})


async def test_trickling_body_ends_with_the_total_timeout(connect: Connect, serve: Serve) -> None:
    """A body that comes byte by byte, each in time, is given up after the total timeout."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            await exchange.send(b"x")
            await anyio.sleep(0.01)

    server = await serve(handle)
    with pytest.raises(SourceUnavailable, match=r"timed out .*0\.3 s"):
        await connect(total_timeout_s=0.3).request("GET", server.url, {})


async def test_unanswered_connection_ends_with_the_connect_timeout(connect: Connect, full_port: int) -> None:
    """A host that drops packets is given up after the connect timeout."""
    with pytest.raises(SourceUnavailable, match=r"no connection within 0\.15 s"):
        await connect(connect_timeout_s=0.15).request("GET", f"http://127.0.0.1:{full_port}/", {})


async def test_unanswered_handshake_ends_with_the_connect_timeout(connect: Connect, serve: Serve) -> None:
    """A server that takes the connection and does not answer the TLS handshake is given up as well."""

    async def handle(exchange: Exchange) -> None:
        await exchange.wait_until_left()

    server = await serve(handle)
    with pytest.raises(SourceUnavailable, match=r"no connection within 0\.15 s"):
        await connect(connect_timeout_s=0.15).request("GET", f"https://{server.address}/", {})


@pytest.mark.parametrize("url", ["", "/jobs", "http://[::1/", "ftp://host/", "http://host:99999/", "http://a b/"])
async def test_url_that_is_none_is_unavailable(connect: Connect, url: str) -> None:
    """A URL that cannot be requested does not raise anything else."""
    with pytest.raises(SourceUnavailable, match="failed: "):
        await connect().request("GET", url, {})


async def test_connection_closed_meanwhile_costs_one_request_at_most(connect: Connect, serve: Serve) -> None:
    """A kept connection that the server closed is replaced: at once, or after one `SourceUnavailable`."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer()

    server = await serve(handle)
    client = connect()
    await client.request("GET", server.url, {})
    await server.idle.wait()
    try:
        answer = await client.request("GET", server.url, {})
    except SourceUnavailable:
        answer = await client.request("GET", server.url, {})
    assert answer.body == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_request_lost_on_a_kept_connection_is_not_sent_again(connect: Connect, serve: Serve, method: str) -> None:
    """A request that a server took over a kept connection, and never answered, is `SourceUnavailable`."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer()
        await exchange.read_request()

    server = await serve(handle)
    client = connect()
    await client.request(method, server.url, {})
    with pytest.raises(SourceUnavailable):
        await client.request(method, server.url, {})
    assert len(server.heads) == 2
