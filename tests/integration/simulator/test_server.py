"""Serving an app inside a block."""

import signal
import socket

import anyio
import httpx
import pytest
from starlette.types import Receive, Scope, Send

from jobwatchd.simulator.server import serve


class _Sleeper:
    """An app that never answers, and says when it was asked and when it was cancelled."""

    def __init__(self) -> None:
        self.asked = anyio.Event()
        self.cancelled = False

    async def __call__(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        self.asked.set()
        try:
            await anyio.sleep_forever()
        finally:
            self.cancelled = True


async def _never(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nobody asks")


async def test_signal_handlers_stay_as_they_were() -> None:
    """The host process decides about signals."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with serve(_never):
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_leaving_the_block_frees_the_port() -> None:
    """The same port can be served again at once."""
    async with serve(_never) as url:
        port = int(url.rpartition(":")[2])
    async with serve(_never, port=port) as again:
        assert again == url


async def test_leaving_the_block_drops_requests_in_flight(caplog: pytest.LogCaptureFixture) -> None:
    """A request that would never be answered is cancelled, its client is told by the cut, and nothing is logged."""
    app, failures = _Sleeper(), []

    async def ask(url: str) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            with pytest.raises(httpx.TransportError) as failure:
                await client.get(url)
            failures.append(failure.value)

    async with anyio.create_task_group() as tasks, serve(app) as url:
        tasks.start_soon(ask, url)
        await app.asked.wait()
    assert len(failures) == 1
    assert app.cancelled
    assert caplog.records == []


async def test_cancelling_the_block_stops_the_server() -> None:
    """A cancelled host leaves no listening socket behind."""
    port = 0
    with anyio.CancelScope() as scope:
        async with serve(_never) as url:
            port = int(url.rpartition(":")[2])
            scope.cancel()
            await anyio.sleep_forever()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass


async def test_a_port_in_use_is_an_error() -> None:
    """Binding fails before anything runs."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with serve(_never, port=taken.getsockname()[1]):
            pass
