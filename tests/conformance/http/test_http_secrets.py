"""What must not be told when a request fails."""

import traceback
from collections.abc import Awaitable, Callable

import pytest

from conformance.http.raw_server import Exchange, Server
from jobwatchd.errors import ConfigError, SourceError, SourceUnavailable
from jobwatchd.ports import HttpClient

Connect = Callable[..., HttpClient]
Serve = Callable[..., Awaitable[Server]]

FAULTS = {
    "nothing": b"",
    "not-http": b"garbage\r\n\r\n",
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
    "too-large": b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001,
    "bad-gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
}


def told(exc: BaseException | None) -> str:
    """Return all that a log shows of an error and its causes, but for the lines of code that led there."""
    text = ""
    while exc is not None:
        text += "".join(traceback.format_exception_only(exc))
        exc = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    return text


@pytest.mark.parametrize("fault", FAULTS)
async def test_failure_tells_no_credentials(connect: Connect, serve_bytes: Serve, fault: str) -> None:
    """Neither header values nor the URL's user, password and query are in the message or its causes."""
    server = await serve_bytes(FAULTS[fault])
    url = f"http://planted-user:planted-password@{server.address}/jobs/1?key=planted-key"
    with pytest.raises(SourceError) as caught:
        await connect(max_body=1000).request("GET", url, {"Authorization": "Bearer planted-token"})
    assert str(caught.value).startswith(f"GET {server.url}/jobs/1 failed: ")
    assert "planted" not in told(caught.value)


async def test_timeout_tells_no_credentials(connect: Connect, serve: Serve) -> None:
    """A request that times out tells no more than one that fails."""

    async def handle(exchange: Exchange) -> None:
        await exchange.wait_until_left()

    server = await serve(handle)
    url = f"http://planted-user:planted-password@{server.address}/jobs/1?key=planted-key"
    for options in ({"read_timeout_s": 0.1}, {"total_timeout_s": 0.1}):
        with pytest.raises(SourceUnavailable) as caught:
            await connect(**options).request("GET", url, {"Authorization": "Bearer planted-token"})
        assert "planted" not in told(caught.value)


@pytest.mark.parametrize("value", ["planted\ntoken", "planted\rtoken", "planted\x00token", "planted\x7ftoken"])
async def test_header_that_cannot_be_sent_is_named_without_its_value(connect: Connect, value: str) -> None:
    """A token with a line break in it is not sent, and not shown."""
    with pytest.raises(SourceUnavailable, match="the value of the header 'Authorization'") as caught:
        await connect().request("GET", "http://host.invalid/", {"Authorization": value})
    assert "planted" not in told(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\nb", "é"])
async def test_header_name_that_cannot_be_sent_is_named(connect: Connect, name: str) -> None:
    """A header whose name is none is refused, and its value not shown."""
    with pytest.raises(SourceUnavailable, match="cannot be the name of a header") as caught:
        await connect().request("GET", "http://host.invalid/", {name: "planted"})
    assert "planted" not in told(caught.value)


@pytest.mark.parametrize(
    "authority", ["planted:planted@[::1", "planted:planted@host:99999", "u:planted:x:y@h:port", "u:planted/x@host"]
)
async def test_broken_url_tells_no_credentials(connect: Connect, authority: str) -> None:
    """A URL that cannot be read is not repeated with its password."""
    with pytest.raises(SourceUnavailable) as caught:
        await connect().request("GET", f"http://{authority}/jobs?key=planted", {})
    assert "planted" not in told(caught.value)


async def test_user_agent_that_cannot_be_sent_is_refused(connect: Connect) -> None:
    """A user agent with a line break is found before anything is sent."""
    with pytest.raises(ConfigError, match="The user agent cannot be sent"):
        connect(user_agent="watcher\n1")


async def test_value_beyond_ascii_is_sent_as_utf_8(connect: Connect, serve: Serve) -> None:
    """A password with an umlaut in a header goes out, the same way from both clients."""

    async def handle(exchange: Exchange) -> None:
        await exchange.read_request()
        await exchange.answer()

    server = await serve(handle)
    await connect().request("GET", server.url, {"X-Name": "Jürgen"})
    assert "Jürgen".encode().decode("latin-1") in server.heads[0]
