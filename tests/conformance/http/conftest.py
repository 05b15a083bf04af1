"""A server whose faults are exact to the byte, and both HTTP clients with short timeouts."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import trustme

from conformance.http.raw_server import Exchange, Handler, Server
from jobwatchd.http.client import HttpClientKind, HttpOptions, build_http_client
from jobwatchd.ports import HttpClient

# Long enough for a busy machine to answer in, short enough for the tests that wait for them.
QUICK = {"connect_timeout_s": 5.0, "read_timeout_s": 5.0, "total_timeout_s": 10.0}

Serve = Callable[..., Awaitable[Server]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server with a handler, and `tls=` if wanted; it is stopped when the test is over."""
    servers: list[Server] = []

    async def start(handler: Handler, tls: ssl.SSLContext | None = None) -> Server:
        server = Server()
        await server.run(handler, tls)
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
async def serve_bytes(serve: Serve) -> Callable[[bytes], Awaitable[Server]]:
    """Start a server that reads a request, sends exactly these bytes, and closes."""

    async def start(data: bytes) -> Server:
        async def handle(exchange: Exchange) -> None:
            await exchange.read_head()
            await exchange.send(data)

        return await serve(handle)

    return start


@pytest.fixture(params=["pyreqwest", "httpx"])
def kind(request: pytest.FixtureRequest) -> HttpClientKind:
    """Name the adapter."""
    kind: HttpClientKind = request.param
    return kind


@pytest.fixture
async def connect(kind: HttpClientKind) -> AsyncIterator[Callable[..., HttpClient]]:
    """Build a client with these options; it is closed when the test is over."""
    clients: list[HttpClient] = []

    def build(**options: Any) -> HttpClient:
        client = build_http_client(kind, HttpOptions(**(QUICK | options)))
        clients.append(client)
        return client

    yield build
    for client in clients:
        await client.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Issue certificates that nobody trusts by themselves."""
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return what a server at `localhost`, and at no other name, proves itself with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context
