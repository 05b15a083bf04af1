"""How much a client takes in, and how much it does at once."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable

import anyio
import pytest

from conformance.http.raw_server import Exchange, Server
from jobwatchd.errors import BadPayload, SourceUnavailable
from jobwatchd.ports import HttpClient

Connect = Callable[..., HttpClient]
Serve = Callable[..., Awaitable[Server]]


def chunked(body: bytes, headers: bytes = b"") -> bytes:
    """Return a response that does not tell its length."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + headers + b"\r\n"
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def with_length(body: bytes, headers: bytes = b"") -> bytes:
    """Return a response that tells its length."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), headers, body)


@pytest.mark.parametrize("respond", [with_length, chunked])
@pytest.mark.parametrize("cap", [100, 65_535, 65_536, 200_000])
async def test_body_as_large_as_allowed_is_taken(
    connect: Connect, serve_bytes: Serve, respond: Callable[..., bytes], cap: int
) -> None:
    """The cap itself still passes."""
    server = await serve_bytes(respond(b"x" * cap))
    answer = await connect(max_body=cap).request("GET", server.url, {})
    assert len(answer.body) == cap


@pytest.mark.parametrize("respond", [with_length, chunked])
@pytest.mark.parametrize("cap", [100, 65_535, 65_536, 200_000])
async def test_body_larger_than_allowed_is_a_bad_payload(
    connect: Connect, serve_bytes: Serve, respond: Callable[..., bytes], cap: int
) -> None:
    """One byte more is refused, whether the length was told or not."""
    server = await serve_bytes(respond(b"x" * (cap + 1)))
    with pytest.raises(BadPayload, match=f"GET {server.url} failed: the body is larger than {cap} bytes"):
        await connect(max_body=cap).request("GET", server.url, {})


async def test_gzip_bomb_is_a_bad_payload(connect: Connect, serve_bytes: Serve) -> None:
    """The cap counts what comes out of decompression, not the little that came in."""
    bomb = gzip.compress(bytes(5_000_000))
    server = await serve_bytes(with_length(bomb, b"Content-Encoding: gzip\r\n"))
    assert len(bomb) < 10_000
    with pytest.raises(BadPayload, match="larger than 10000 bytes"):
        await connect(max_body=10_000).request("GET", server.url, {})


async def test_refused_bodies_do_not_use_up_connections(connect: Connect, serve: Serve) -> None:
    """After more refused bodies than there are connections the next request still goes."""

    async def handle(exchange: Exchange) -> None:
        while True:
            body = b"ok" if "/good" in await exchange.read_head() else b"x" * 500_000
            await exchange.answer(body)

    server = await serve(handle)
    client = connect(connections=2, max_body=1000)
    for _ in range(20):
        with pytest.raises(BadPayload):
            await client.request("GET", server.url, {})
    assert (await client.request("GET", f"{server.url}/good", {})).body == b"ok"


async def test_connection_is_used_again(connect: Connect, serve: Serve) -> None:
    """Requests one after the other go over one connection."""

    async def handle(exchange: Exchange) -> None:
        while True:
            await exchange.read_request()
            await exchange.answer()

    server = await serve(handle)
    client = connect()
    for _ in range(5):
        await client.request("GET", server.url, {})
    assert server.connections == 1
    assert len(server.heads) == 5


async def test_no_more_requests_in_flight_than_connections(connect: Connect, serve: Serve) -> None:
    """More requests at once than `connections` all get their answer, and the limit is reached but never passed."""
    in_flight = 0
    most = 0
    everyone = asyncio.Event()

    async def handle(exchange: Exchange) -> None:
        nonlocal in_flight, most
        while True:
            await exchange.read_request()
            in_flight += 1
            most = max(most, in_flight)
            if in_flight == 10:
                everyone.set()
            await everyone.wait()
            in_flight -= 1
            await exchange.answer()

    server = await serve(handle)
    client = connect(connections=10)
    statuses = []

    async def poll() -> None:
        statuses.append((await client.request("GET", server.url, {})).status)

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(poll)
    assert statuses == [200] * 100
    assert most == 10
    assert server.connections <= 10 + 2


async def test_wait_for_a_connection_is_bounded(connect: Connect, serve: Serve) -> None:
    """A request that finds all connections taken for too long is `SourceUnavailable`."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.wait_until_left()

    server = await serve(handle)
    client = connect(connections=1, total_timeout_s=0.2)
    complaints = []

    async def poll() -> None:
        with pytest.raises(SourceUnavailable) as caught:
            await client.request("GET", server.url, {})
        complaints.append(str(caught.value))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(poll)
    assert any("all connections are in use" in complaint for complaint in complaints)
    assert all("timed out" in complaint or "in use" in complaint for complaint in complaints)


async def test_cancelled_requests_do_not_use_up_connections(connect: Connect, serve: Serve) -> None:
    """After more cancelled requests than there are connections the next request goes at once."""
    taken = asyncio.Semaphore(0)

    async def handle(exchange: Exchange) -> None:
        if "/hang" in await exchange.read_head():
            taken.release()
            await exchange.wait_until_left()
        await exchange.answer()

    server = await serve(handle)
    client = connect(connections=2)
    for _ in range(3):
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(client.request, "GET", f"{server.url}/hang", {})
            for _ in range(2):
                await taken.acquire()
            tasks.cancel_scope.cancel()
    with anyio.fail_after(3):
        assert (await client.request("GET", server.url, {})).body == b"ok"


async def test_cancelling_within_the_body_and_while_waiting_frees_the_slot(connect: Connect, serve: Serve) -> None:
    """A request is cancelled in the middle of its body, and one that waits behind it: the next one goes at once."""
    begun = asyncio.Event()

    async def handle(exchange: Exchange) -> None:
        if "/hang" in await exchange.read_head():
            await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + b"x" * 100_000)
            begun.set()
            await exchange.wait_until_left()
        await exchange.answer()

    server = await serve(handle)
    client = connect(connections=1)
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(client.request, "GET", f"{server.url}/hang", {})
        await begun.wait()
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    with anyio.fail_after(3):
        assert (await client.request("GET", server.url, {})).body == b"ok"


async def test_close_gives_connections_back(connect: Connect, serve: Serve) -> None:
    """After `close` the server sees its kept connection end."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer()
        await exchange.wait_until_left()

    server = await serve(handle)
    client = connect()
    await client.request("GET", server.url, {})
    await client.close()
    with anyio.fail_after(3):
        await server.idle.wait()
