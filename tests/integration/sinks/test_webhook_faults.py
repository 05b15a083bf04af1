"""The webhook sink when the other end does not do as it should."""

import socket
import struct
from asyncio import StreamWriter
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from jobwatchd.errors import SinkError, SinkGone, SinkRateLimited, SinkRejected, SinkUnavailable
from jobwatchd.model.event import Event
from jobwatchd.sinks.webhook.sink import Webhook

Make = Callable[..., Any]
PLANTED = "planted-s3cret"
SIGNING = "whsec_cGxhbnRlZC1zM2NyZXQtc2lnbmluZy1rZXk="


@pytest.fixture
def planted(webhook: Callable[..., Webhook]) -> Make:
    """Return what makes a sink whose every secret is planted, to a port of this machine."""

    def make(port: int, **settings: Any) -> Webhook:
        url = f"http://{PLANTED}:{PLANTED}@127.0.0.1:{port}/{PLANTED}?token={PLANTED}"
        return webhook(url, [SIGNING], headers={"X-Token": PLANTED}, **settings)

    return make


async def error_of(sink: Webhook, event: Event) -> SinkError:
    """Return what sending raises, having seen that it tells the host and no secret."""
    with pytest.raises(SinkError) as caught:
        await sink.send(event)
    assert "127.0.0.1:" in str(caught.value)
    assert PLANTED not in str(caught.value) + repr(sink)
    assert SIGNING not in str(caught.value) + repr(sink)
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_success_means_taken(event: Event, planted: Make, serve_script: Make, answer: Make, status: int) -> None:
    """Every 2xx will do."""
    async with serve_script(answer(status)) as endpoint:
        sink = planted(endpoint.port)
        await sink.send(event)
    assert len(endpoint.heads) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
async def test_what_may_pass_is_unavailable(
    event: Event, planted: Make, serve_script: Make, answer: Make, status: int
) -> None:
    """The sentence says what was answered."""
    async with serve_script(answer(status)) as endpoint:
        sink = planted(endpoint.port)
        error = await error_of(sink, event)
    assert type(error) is (SinkRateLimited if status == 429 else SinkUnavailable)
    assert str(error) == f"127.0.0.1:{endpoint.port} answered {status}"
    assert error.retry_after_s is None


@pytest.mark.parametrize("status", [300, 304, 400, 401, 403, 404, 405, 409, 411, 413, 422, 451, 499])
async def test_every_other_status_is_a_refusal(
    event: Event, planted: Make, serve_script: Make, answer: Make, status: int
) -> None:
    """A few more tries may help, many will not."""
    async with serve_script(answer(status)) as endpoint:
        sink = planted(endpoint.port)
        error = await error_of(sink, event)
    assert type(error) is SinkRejected
    assert f"answered {status}" in str(error)


async def test_gone_means_no_more_events(event: Event, planted: Make, serve_script: Make, answer: Make) -> None:
    """410 is an answer of its own."""
    async with serve_script(answer(410)) as endpoint:
        sink = planted(endpoint.port)
        assert type(await error_of(sink, event)) is SinkGone


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(
    event: Event, planted: Make, serve_script: Make, answer: Make, status: int
) -> None:
    """The event goes where it was configured to go, or nowhere; the new place is not repeated, it may hold a secret."""
    async with serve_script(answer(status, f"Location: /{PLANTED}\r\n")) as endpoint:
        sink = planted(endpoint.port)
        error = await error_of(sink, event)
    assert type(error) is SinkRejected
    assert "redirects are not followed" in str(error)
    assert len(endpoint.heads) == 1


@pytest.mark.parametrize(
    "wish",
    [
        (429, "30", 30.0),
        (503, "30", 30.0),
        (403, "30", 30.0),
        (307, "30\r\nLocation: /", 30.0),
        (503, "Sun, 01 Mar 2026 12:02:00 GMT", 120.0),
        (503, "Sun, 01 Mar 2026 12:02:00 GMT\r\nDate: Sun, 01 Mar 2026 12:01:50 GMT", 10.0),
        (429, "Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        (503, "soon", None),
    ],
)
async def test_the_wish_to_be_left_alone_is_passed_on(
    event: Event, planted: Make, serve_script: Make, answer: Make, wish: tuple[int, str, float | None]
) -> None:
    """Retry-After in both its forms, whatever the status, by the receiver's clock, or else the sink's."""
    status, value, expected = wish
    async with serve_script(answer(status, f"Retry-After: {value}\r\n")) as endpoint:
        sink = planted(endpoint.port)
        error = await error_of(sink, event)
    assert isinstance(error, SinkUnavailable if status in {429, 503} else SinkRejected)
    assert error.retry_after_s == expected


async def test_a_refused_connection_is_unavailable(event: Event, planted: Make) -> None:
    """Nobody listens; the sentence says so in the system's words."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        error = await error_of(planted(bound.getsockname()[1]), event)
    assert type(error) is SinkUnavailable
    assert "failed: could not connect (" in str(error)
    assert "refused" in str(error) or "111" in str(error)


async def test_an_unknown_host_is_unavailable(event: Event, webhook: Make) -> None:
    """A name that cannot be looked up may be known tomorrow."""
    with pytest.raises(SinkUnavailable, match=r"http://nowhere\.invalid failed: could not connect"):
        await webhook("http://nowhere.invalid/").send(event)


async def test_a_reset_connection_is_unavailable(event: Event, planted: Make, serve_script: Make) -> None:
    """The request was read, and the connection thrown away."""

    async def script(writer: StreamWriter) -> None:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    async with serve_script(script) as endpoint:
        sink = planted(endpoint.port)
        assert type(await error_of(sink, event)) is SinkUnavailable


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
        f"{PLANTED}, and no HTTP\r\n\r\n".encode(),
        b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000,
    ],
    ids=["nothing", "half a head", "half a body", "half a chunk", "no HTTP", "bad length", "endless head"],
)
async def test_an_answer_that_is_not_whole_is_unavailable(
    event: Event, planted: Make, serve_script: Make, sent: bytes
) -> None:
    """A 200 counts only if it came to its end."""

    async def script(writer: StreamWriter) -> None:
        writer.write(sent)
        writer.close()

    async with serve_script(script) as endpoint:
        sink = planted(endpoint.port)
        error = await error_of(sink, event)
    assert type(error) is SinkUnavailable
    assert "failed: " in str(error)


@pytest.mark.parametrize(
    "first",
    [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"],
    ids=["head", "body"],
)
async def test_a_trickle_is_cut_off_by_the_time_out(
    event: Event, planted: Make, serve_script: Make, first: bytes
) -> None:
    """Bytes that keep coming do not prolong an attempt."""

    async def script(writer: StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(b"H")
            await writer.drain()
            await anyio.sleep(0.005)

    async with serve_script(script) as endpoint:
        sink = planted(endpoint.port, timeout="100ms")
        error = await error_of(sink, event)
    assert type(error) is SinkUnavailable
    assert "timed out" in str(error)
    assert "0.1 s" in str(error)


async def test_silence_is_cut_off_by_the_time_out(event: Event, planted: Make, serve_script: Make) -> None:
    """A receiver that never answers is unavailable, and a later one is reached over a new connection."""

    async def script(writer: StreamWriter) -> None:
        if len(endpoint.heads) == 1:
            await anyio.sleep_forever()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with serve_script(script) as endpoint:
        sink = planted(endpoint.port, timeout="100ms")
        assert type(await error_of(sink, event)) is SinkUnavailable
        await sink.send(event)


async def test_an_endless_answer_is_not_read_to_its_end(event: Event, planted: Make, serve_script: Make) -> None:
    """The status says all; the rest is dropped with its connection, and the next event takes a new one."""
    cut = []

    async def script(writer: StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        except ConnectionError:
            cut.append(True)
            raise

    async with serve_script(script) as endpoint:
        sink = planted(endpoint.port)
        await sink.send(event)
        await sink.send(event)
    assert len(endpoint.heads) == 2
