"""What a client makes of answers."""

import gzip
from collections.abc import Awaitable, Callable

import pytest

from conformance.http.raw_server import Exchange, Server
from jobwatchd.errors import BadPayload
from jobwatchd.ports import HttpClient

Connect = Callable[..., HttpClient]
Serve = Callable[..., Awaitable[Server]]


async def test_answer_has_status_headers_and_body(connect: Connect, serve: Serve) -> None:
    """Status, headers in any case, and the body as bytes come back."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer(b'{"a": 1}', headers=["Content-Type: application/json"])

    server = await serve(handle)
    answer = await connect().request("GET", server.url, {})

    assert (answer.status, answer.body) == (200, b'{"a": 1}')
    assert type(answer.body) is bytes
    assert answer.header("content-TYPE") == "application/json"
    assert answer.header("X-Absent") is None
    assert list(answer.headers("X-Absent")) == []


async def test_request_goes_out_as_given(connect: Connect, serve: Serve) -> None:
    """Path and query are not encoded again; the given headers, the user agent and gzip are sent, once each."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer()

    server = await serve(handle)
    client = connect(user_agent="watcher/1")
    await client.request("GET", f"{server.url}/jobs/a%2Fb?x=%20y", {"x-token": "abc", "accept": "application/json"})

    request_line, *lines = server.heads[0].rstrip().split("\r\n")
    assert request_line == "GET /jobs/a%2Fb?x=%20y HTTP/1.1"
    fields = sorted((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    assert fields == [
        ("accept", "application/json"),
        ("accept-encoding", "gzip"),
        ("host", server.address),
        ("user-agent", "watcher/1"),
        ("x-token", "abc"),
    ]


async def test_user_and_password_of_the_url_are_sent(connect: Connect, serve: Serve) -> None:
    """Credentials in the URL become Basic authentication."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer()

    server = await serve(handle)
    await connect().request("GET", f"http://user:pass@{server.address}/", {})
    assert "authorization: basic dxnlcjpwyxnz" in server.heads[0].lower()


async def test_repeated_headers_keep_their_order(connect: Connect, serve_bytes: Serve) -> None:
    """`headers` has all of a name, `header` the first."""
    server = await serve_bytes(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n")
    answer = await connect().request("GET", server.url, {})
    assert list(answer.headers("Set-Cookie")) == ["a=1", "b=2"]
    assert answer.header("set-cookie") == "a=1"


async def test_header_that_is_not_text_does_no_harm(connect: Connect, serve_bytes: Serve) -> None:
    """A header in another encoding makes neither the answer nor its lookup fail."""
    server = await serve_bytes(b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nContent-Length: 2\r\n\r\nok")
    answer = await connect().request("GET", server.url, {})
    assert answer.body == b"ok"
    assert answer.header("X-Name") in {None, "café"}
    assert list(answer.headers("X-Name")) in ([], ["café"])


async def test_body_is_sent(connect: Connect, serve: Serve) -> None:
    """A POST carries its body and the length of it."""
    bodies = []

    async def handle(exchange: Exchange) -> None:
        bodies.append(await exchange.read_request())
        await exchange.answer()

    server = await serve(handle)
    await connect().request("POST", server.url, {"Content-Type": "application/json"}, b'{"user": "root"}')
    assert bodies == [b'{"user": "root"}']


async def test_post_without_body_says_so(connect: Connect, serve: Serve) -> None:
    """A POST without a body has the length 0, because some servers answer 411 where it has none."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer()

    server = await serve(handle)
    await connect().request("POST", server.url, {})
    assert "content-length: 0\r\n" in server.heads[0].lower()


async def test_cookies_are_not_kept(connect: Connect, serve: Serve) -> None:
    """A cookie that one answer sets is not sent with the next request."""

    async def handle(exchange: Exchange) -> None:
        while True:
            await exchange.read_request()
            await exchange.answer(headers=["Set-Cookie: session=1; Path=/"])

    server = await serve(handle)
    client = connect()
    for _ in range(2):
        await client.request("GET", server.url, {})
    assert "cookie" not in server.heads[1].lower()


@pytest.mark.parametrize("location", ["/elsewhere", "http://[broken"])
async def test_redirect_is_an_answer(connect: Connect, serve: Serve, location: str) -> None:
    """A 3xx is returned, not followed, wherever it points."""

    async def handle(exchange: Exchange) -> None:
        while True:
            await exchange.read_request()
            await exchange.answer(b"", "302 Found", [f"Location: {location}"])

    server = await serve(handle)
    answer = await connect().request("GET", server.url, {})
    assert (answer.status, answer.header("Location")) == (302, location)
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_empty_body_is_empty_bytes(connect: Connect, serve_bytes: Serve, response: bytes) -> None:
    """Nothing at all is `b""`, however the server says it."""
    server = await serve_bytes(response)
    assert (await connect().request("GET", server.url, {})).body == b""


async def test_error_statuses_are_answers(connect: Connect, serve_bytes: Serve) -> None:
    """A 500 is for the source to judge, body and all."""
    server = await serve_bytes(b"HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops")
    answer = await connect().request("GET", server.url, {})
    assert (answer.status, answer.body) == (500, b"oops")


@pytest.mark.parametrize("size", [10, 70_000, 300_000])
async def test_gzip_is_decompressed(connect: Connect, serve: Serve, size: int) -> None:
    """A compressed body comes back plain, small or large."""
    plain = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer(gzip.compress(plain), headers=["Content-Encoding: gzip"])

    server = await serve(handle)
    assert (await connect().request("GET", server.url, {})).body == plain


@pytest.mark.parametrize(
    "compressed",
    [b"this is no gzip", gzip.compress(b"x" * 5000)[:-12], gzip.compress(b"x" * 5000)[:-8] + bytes(8)],
    ids=["none", "cut", "checksum"],
)
async def test_broken_gzip_is_a_bad_payload(connect: Connect, serve: Serve, compressed: bytes) -> None:
    """An answer that came whole but cannot be decompressed is `BadPayload`, not an outage."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer(compressed, headers=["Content-Encoding: gzip"])

    server = await serve(handle)
    with pytest.raises(BadPayload, match="decompressed"):
        await connect().request("GET", server.url, {})
