"""A daemon's HTTP side on a real socket, over the store in memory."""

import ssl
from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import httpx
import pytest

from integration.web.daemon import TOKEN, Daemon, Switchboard
from jobwatchd.web.listener import address_of, bind
from jobwatchd.web.server import serve_sockets

# Nothing here speaks TLS, and reading all authorities for each client takes longer than what it asks.
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Run all tests of a file in one event loop, so that they can share a server."""
    return "asyncio"


@pytest.fixture(scope="module")
async def switchboard(anyio_backend: str) -> AsyncIterator[Switchboard]:
    """Serve on a real socket."""
    switchboard = Switchboard()
    [sock] = bind("127.0.0.1:0")
    switchboard.url = f"http://{address_of(sock)}"
    async with anyio.create_task_group() as tasks:
        await tasks.start(serve_sockets, switchboard, [sock])
        yield switchboard
        tasks.cancel_scope.cancel()


@pytest.fixture
def daemon(switchboard: Switchboard) -> Daemon:
    """Serve a new daemon's HTTP side."""
    daemon = Daemon(url=switchboard.url)
    switchboard.app = daemon.app
    return daemon


@pytest.fixture
async def client(daemon: Daemon) -> AsyncIterator[httpx.AsyncClient]:
    """Return an HTTP client with the token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=daemon.url, headers=headers, verify=NO_AUTHORITIES) as client:
        yield client


@pytest.fixture
async def stranger(daemon: Daemon) -> AsyncIterator[httpx.AsyncClient]:
    """Return an HTTP client without a token."""
    async with httpx.AsyncClient(base_url=daemon.url, verify=NO_AUTHORITIES) as client:
        yield client
