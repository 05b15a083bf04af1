"""How much memory the bodies of many requests take together."""

import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from conformance.http.raw_server import Exchange, Server
from jobwatchd.errors import BadPayload, SourceUnavailable
from jobwatchd.http.limits import BUFFERS, Memory
from jobwatchd.ports import HttpClient

Connect = Callable[..., HttpClient]
Serve = Callable[..., Awaitable[Server]]
CAP = 200_000
ROOM = BUFFERS + CAP + 1


def respond(kind: str, body: bytes) -> bytes:
    """Return a response with this body, which tells its length, or does not, or is compressed."""
    if kind == "chunked":
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    extra = b"Content-Encoding: gzip\r\n" if kind == "gzip" else b""
    body = gzip.compress(body) if kind == "gzip" else body
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), extra, body)


@pytest.fixture(params=["length", "chunked", "gzip"])
def shape(request: pytest.FixtureRequest) -> Any:
    """Name how a response says where it ends."""
    return request.param


class Watched(Memory):
    """Memory that remembers how much was held at most."""

    most = 0

    def __setattr__(self, name: str, value: Any) -> None:
        """Take note of what is held."""
        super().__setattr__(name, value)
        if name == "held":
            self.most = max(self.most, value)


async def test_many_large_bodies_are_read_in_turns(connect: Connect, serve: Serve, shape: str) -> None:
    """All of them come, and never more at once than there is memory for."""

    async def handle(exchange: Exchange) -> None:
        while True:
            await exchange.read_request()
            await exchange.send(respond(shape, b"x" * CAP))

    memory, lengths = Watched(2 * ROOM), list[int]()
    server = await serve(handle)
    client = connect(connections=20, max_body=CAP, memory=memory, total_timeout_s=30.0)

    async def ask() -> None:
        lengths.append(len((await client.request("GET", server.url, {})).body))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    assert lengths == [CAP] * 20
    assert ROOM - 1 <= memory.most <= memory.total
    assert memory.held == 0


async def test_small_bodies_wait_for_nothing(connect: Connect, serve: Serve, shape: str) -> None:
    """Though others hold all the memory there is."""

    async def handle(exchange: Exchange) -> None:
        while True:
            await exchange.read_request()
            await exchange.send(respond(shape, b"x" * 10_000))

    memory = Memory(ROOM)
    server = await serve(handle)
    client = connect(connections=4, max_body=CAP, memory=memory)
    await client.request("GET", server.url, {})
    assert memory.take_at_once(ROOM)
    for _ in range(10):
        assert len((await client.request("GET", server.url, {})).body) == 10_000
    assert memory.held == ROOM


async def test_waiting_for_memory_is_not_the_servers_time(connect: Connect, serve: Serve, shape: str) -> None:
    """A request that found none is sent again, with all of its time, when there is some."""
    waited: list[str] = []

    async def handle(exchange: Exchange) -> None:
        while True:
            waited.append(await exchange.read_head())
            await exchange.send(respond(shape, b"x" * CAP))

    memory = Memory(ROOM)
    server = await serve(handle)
    client = connect(connections=1, max_body=CAP, memory=memory)
    assert memory.take_at_once(2)
    bodies: list[bytes] = []

    async def ask() -> None:
        bodies.append((await client.request("GET", server.url, {})).body)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        while not (waited and memory.waiting):
            await anyio.lowlevel.checkpoint()
        memory.give_back(2)
    assert [len(body) for body in bodies] == [CAP]
    assert (len(waited), memory.held) == (2, 0)


async def test_a_wait_too_long_is_not_the_servers_fault(connect: Connect, serve: Serve, shape: str) -> None:
    """It is told of this answer, and nothing is said of the server; the connection is free again."""

    async def handle(exchange: Exchange) -> None:
        while True:
            await exchange.read_request()
            await exchange.send(respond(shape, b"x" * CAP))

    memory = Memory(ROOM)
    server = await serve(handle)
    client = connect(connections=1, max_body=CAP, memory=memory, total_timeout_s=1.0)
    assert memory.take_at_once(ROOM)
    with pytest.raises(BadPayload, match=r"no memory was free for the body within 1 s \(http.memory\)"):
        await client.request("GET", server.url, {})
    memory.give_back(ROOM)
    assert len((await client.request("GET", server.url, {})).body) == CAP
    assert memory.held == 0


async def test_failures_give_everything_back(connect: Connect, serve: Serve) -> None:
    """A body that breaks off, one that says it is too large, and one that is: the next one has all the memory."""
    answers = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50_000,
        respond("length", b"x" * (CAP + 1)),
        respond("chunked", b"x" * (CAP + 1)),
        respond("gzip", b"x" * (CAP + 1)),
    ]

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.send(answers.pop(0))

    memory = Memory(ROOM)
    server = await serve(handle)
    client = connect(connections=1, max_body=CAP, memory=memory)
    for error in (SourceUnavailable, BadPayload, BadPayload, BadPayload):
        with pytest.raises(error):
            await client.request("GET", server.url, {})
        assert memory.held == 0


async def test_what_is_cut_waits_for_nothing(connect: Connect, serve: Serve) -> None:
    """Nobody reads it anyway."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.send(respond("length", b"x" * CAP))

    memory = Memory(ROOM)
    server = await serve(handle)
    assert memory.take_at_once(ROOM)
    client = connect(connections=1, max_body=CAP, memory=memory, cut_body=True)
    answer = await client.request("GET", server.url, {})
    assert (answer.status, 0 < len(answer.body) < CAP) == (200, True)
    assert memory.held == ROOM
