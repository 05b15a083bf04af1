"""What a client does otherwise when it works for a sink: what it raises and tells, and how it takes an answer."""

import gzip
from collections.abc import Awaitable, Callable

import anyio
import pytest

from conformance.http.raw_server import Exchange, Server
from jobwatchd.errors import SinkUnavailable
from jobwatchd.http.failures import FOR_SINKS
from jobwatchd.ports import HttpClient

Connect = Callable[..., HttpClient]
Serve = Callable[..., Awaitable[Server]]
URL_TAIL = "/planted/path?key=planted"
NO_LENGTH = b"HTTP/1.1 200 OK\r\n\r\n"


def with_length(body: bytes, headers: bytes = b"") -> bytes:
    """Return a response that tells its length."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), headers, body)


@pytest.mark.parametrize(
    ("response", "cause"),
    [
        (b"", ""),
        (b"SSH-2.0-OpenSSH_9.7\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", ""),
        (with_length(b"x" * 1001), "the body is larger than 1000 bytes"),
        (with_length(b"abc", b"Content-Encoding: gzip\r\n"), "the body cannot be decompressed"),
    ],
    ids=["nothing", "not-http", "cut", "too-large", "bad-gzip"],
)
async def test_owner_chooses_what_is_raised_and_told(
    connect: Connect, serve_bytes: Serve, response: bytes, cause: str
) -> None:
    """For a sink nothing is worse than unavailable, and of the URL nothing but scheme, host and port is told."""
    server = await serve_bytes(response)
    with pytest.raises(SinkUnavailable, match=f"^POST {server.url} failed: {cause}") as caught:
        await connect(max_body=1000, failures=FOR_SINKS).request("POST", f"{server.url}{URL_TAIL}", {}, b"{}")
    assert type(caught.value) is SinkUnavailable
    assert "planted" not in str(caught.value)


async def test_owner_chooses_for_time_outs_too(connect: Connect, serve: Serve) -> None:
    """Where the answer is late, and where nothing was sent because all connections are in use."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.wait_until_left()

    server = await serve(handle)
    client = connect(connections=1, total_timeout_s=0.2, failures=FOR_SINKS)
    told = []

    async def post() -> None:
        with pytest.raises(SinkUnavailable) as caught:
            await client.request("POST", f"{server.url}{URL_TAIL}", {}, b"{}")
        told.append(str(caught.value))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(post)
    assert any("all connections are in use" in sentence for sentence in told)
    assert all(sentence.startswith(f"POST {server.url} failed: ") for sentence in told)


@pytest.mark.parametrize("url", ["", "/planted", "http://[::1/planted", "http://u:planted@host:99999/planted"])
async def test_owner_chooses_for_urls_that_are_none(connect: Connect, url: str) -> None:
    """What cannot be requested is the same error, and is not repeated."""
    with pytest.raises(SinkUnavailable) as caught:
        await connect(failures=FOR_SINKS).request("POST", url, {})
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("cap", [100, 65_535, 65_536, 200_000])
@pytest.mark.parametrize("head", [NO_LENGTH, b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n"])
async def test_longer_body_is_cut_off(connect: Connect, serve_bytes: Serve, head: bytes, cap: int) -> None:
    """What came up to the cap is there, whether the length was told or not."""
    server = await serve_bytes(head + b"x" * 900_000)
    answer = await connect(max_body=cap, cut_body=True).request("POST", server.url, {})
    assert (answer.status, answer.body) == (200, b"x" * cap)


async def test_endless_body_is_cut_off_and_left(connect: Connect, serve: Serve) -> None:
    """The server sees its connection end, and the next request goes over another one."""
    left = anyio.Event()

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.send(NO_LENGTH)
        try:
            while True:
                await exchange.send(b"x" * 65_536)
        finally:
            left.set()

    server = await serve(handle)
    client = connect(connections=1, max_body=1000, cut_body=True)
    for _ in range(3):
        assert (await client.request("POST", server.url, {})).body == b"x" * 1000
    with anyio.fail_after(3):
        await left.wait()
    assert server.connections == 3


async def test_body_that_breaks_off_below_the_cap_is_no_answer(connect: Connect, serve_bytes: Serve) -> None:
    """To be content with a part is only for what is too long."""
    server = await serve_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 999)
    with pytest.raises(SinkUnavailable, match="failed: "):
        await connect(max_body=1000, cut_body=True, failures=FOR_SINKS).request("POST", server.url, {})


@pytest.mark.parametrize("body", [gzip.compress(b"fine"), b"no gzip at all"], ids=["gzip", "garbage"])
async def test_body_that_is_cut_is_not_decompressed(connect: Connect, serve: Serve, body: bytes) -> None:
    """Compression was not asked for, and one that cannot be undone makes no failure of a success."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer(body, headers=["Content-Encoding: gzip"])

    server = await serve(handle)
    answer = await connect(cut_body=True).request("POST", server.url, {})
    assert (answer.status, answer.body) == (200, body)
    assert "accept-encoding: gzip" not in server.heads[0].lower()


async def test_connection_is_kept_when_the_body_was_short(connect: Connect, serve: Serve) -> None:
    """To want a part only costs no connection where the whole is less."""

    async def handle(exchange: Exchange) -> None:
        while True:
            await exchange.read_request()
            await exchange.answer(b"x" * 1000)

    server = await serve(handle)
    client = connect(max_body=65_536, cut_body=True)
    for _ in range(5):
        await client.request("POST", server.url, {}, b"{}")
    assert server.connections == 1


async def test_idle_connection_is_not_used_again(connect: Connect, serve: Serve) -> None:
    """After `idle_s` a request takes a new connection."""

    async def handle(exchange: Exchange) -> None:
        while True:
            await exchange.read_request()
            await exchange.answer()

    server = await serve(handle)
    client = connect(idle_s=0.05)
    await client.request("POST", server.url, {})
    await anyio.sleep(0.2)
    await client.request("POST", server.url, {})
    assert server.connections == 2
