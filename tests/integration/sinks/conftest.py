"""A raw HTTP server that does what a test tells it to, and webhooks with the client that they get from `wiring`."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from jobwatchd.clock import SystemClock
from jobwatchd.kinds.clients import Clients
from jobwatchd.kinds.sink import SinkContext
from jobwatchd.model.event import Event, EventType
from jobwatchd.model.job import JobReference, State
from jobwatchd.ports import Clock
from jobwatchd.rotation import Rotating, Rotation
from jobwatchd.sinks.webhook.section import WebhookSinkSettings
from jobwatchd.sinks.webhook.sink import Endpoint as Address
from jobwatchd.sinks.webhook.sink import Webhook
from jobwatchd.testing import FakeClock

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Endpoint:
    """A running raw server: where it is, and the head and body of each request that it got."""

    port: int
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def header(self, name: str, request: int = -1) -> str | None:
        """Return a header of one of the requests."""
        for line in self.heads[request].split("\r\n")[1:]:
            found, _, value = line.partition(": ")
            if found.lower() == name:
                return value
        return None

    def headers(self, request: int = -1) -> dict[str, str]:
        """Return the headers of one of the requests, by their names in small letters."""
        pairs = (line.partition(": ") for line in self.heads[request].split("\r\n")[1:] if line)
        return {name.lower(): value for name, _, value in pairs}


Serve = Callable[..., AbstractAsyncContextManager[Endpoint]]


@pytest.fixture
def serve_script() -> Serve:
    """Return what runs a script for each request on 127.0.0.1; connections end with the script, or with the block."""

    @asynccontextmanager
    async def serve(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                    endpoint.heads.append(head)
                    endpoint.bodies.append(await reader.readexactly(int(endpoint.header("content-length") or 0)))
                    await script(writer)
                    await writer.drain()
                    if writer.is_closing():
                        break
            except (asyncio.IncompleteReadError, ConnectionError):
                pass  # the sender has gone
            finally:
                writer.transport.abort()

        async with anyio.create_task_group() as tasks:
            server = await asyncio.start_server(lambda r, w: tasks.start_soon(converse, r, w), "127.0.0.1", 0, ssl=tls)
            endpoint = Endpoint(server.sockets[0].getsockname()[1])
            try:
                yield endpoint
            finally:
                server.close()
                tasks.cancel_scope.cancel()

    return serve


@pytest.fixture
def answer() -> Callable[..., Script]:
    """Return what makes a script that answers with a status, headers and a body."""

    def make(status: int, headers: str = "", body: bytes = b"") -> Script:
        async def script(writer: asyncio.StreamWriter) -> None:
            length = "" if status in {204, 304} else f"Content-Length: {len(body)}\r\n"
            writer.write(f"HTTP/1.1 {status} Some Reason\r\n{length}{headers}\r\n".encode() + body)

        return script

    return make


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock(datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC))


@pytest.fixture(params=["pyreqwest", "httpx"])
def kind(request: pytest.FixtureRequest) -> Any:
    """Name the HTTP client."""
    return request.param


@pytest.fixture
async def webhook(kind: Any, clock: FakeClock) -> AsyncIterator[Callable[..., Webhook]]:
    """Yield what makes sinks, with further settings by name; they are closed when the test is over."""
    sinks: list[Webhook] = []

    def make(
        url: str, secrets: Sequence[str] = (), clock: Clock = clock, headers: Mapping[str, str] = {}, **settings: Any
    ) -> Webhook:
        section = WebhookSinkSettings(
            kind="webhook", url="http://elsewhere.invalid/", secrets=(), http_client=kind, **settings
        )
        address = Address(url, headers, section.mode, section.sent_content_type())
        client = Clients(Rotation(clock)).of_sink("sinks.ci", section, section.concurrency)
        sinks.append(Webhook("ci", address, Rotating.constant(tuple(secrets)), clock, client=client))
        return sinks[-1]

    yield make
    for sink in sinks:
        await sink.close()


@pytest.fixture
def event() -> Event:
    """Return the end of a job."""
    at = datetime(2026, 3, 1, 11, 59, 58, 250_000, tzinfo=UTC)
    return Event(
        id="0b9a2c1e-7f3a-5d0e-9b52-0f7a3a1f6f10",
        type=EventType.JOB_SUCCEEDED,
        source="graph",
        sequence=3,
        observed_at=at,
        ref=JobReference.of("graph", ["1964"]),
        watch_id=7,
        state=State.SUCCEEDED,
        previous_state=State.RUNNING,
        labels={"team": "graph"},
    )


@pytest.fixture
def rotation(clock: FakeClock) -> Rotation:
    """Return what follows files, whenever a test or a refusal tells it to look."""
    return Rotation(clock)


@pytest.fixture
async def make_webhook(kind: Any, rotation: Rotation) -> AsyncIterator[Callable[..., Webhook]]:
    """Yield what makes webhooks from settings; they are closed when the test is over."""
    sinks: list[Webhook] = []

    def build(port: int, scheme: str = "http", secrets: Sequence[str] = (), **settings: Any) -> Webhook:
        url = f"{scheme}://127.0.0.1:{port}/hooks/planted"
        section = WebhookSinkSettings(kind="webhook", url=url, secrets=secrets, http_client=kind, **settings)
        output: Any = None  # it writes nothing here
        sinks.append(section.build(SinkContext("ci", SystemClock(), Clients(rotation), output)))
        return sinks[-1]

    yield build
    for sink in sinks:
        await sink.close()


@pytest.fixture
def taking(serve_script: Serve, answer: Callable[..., Script]) -> Callable[[], AbstractAsyncContextManager[Endpoint]]:
    """Return what runs a receiver that takes everything."""
    return lambda: serve_script(answer(200))
