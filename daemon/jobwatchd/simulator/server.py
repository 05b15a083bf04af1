"""Runs an ASGI app as a real HTTP server on a loopback port, inside a structured block; and answers in JSON."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import orjson
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CUT = "jobwatchd.cut"


@contextlib.asynccontextmanager
async def serve(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve `app` inside the block and yield its base URL, without a slash at the end; port 0 takes a free one.

    Installs no signal handlers. Leaving the block stops at once: listening ends, connections are dropped, and requests
    in flight are cancelled. Raises OSError where the address cannot be bound.
    """
    config = uvicorn.Config(
        _quiet_when_cancelled(app),
        http=_CuttableProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
    )
    listener = socket.create_server((host, port), backlog=config.backlog)
    # asyncio does so for listeners it makes itself; without it each answer waits 40 ms for the client's delayed ACK.
    # Accepted connections inherit it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = _BlockServer(config)
    async with anyio.create_task_group() as tasks:
        try:
            tasks.start_soon(server.run_until_stopped, listener)
            await server.ready.wait()
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            server.stop()


async def cut_connection(scope: Scope, receive: Receive) -> None:
    """End the connection of a request that `serve` serves, after what was sent so far; returns once it is gone."""
    scope["extensions"][CUT]["close"]()
    while (await receive())["type"] != "http.disconnect":
        pass


def _quiet_when_cancelled(app: ASGIApp) -> ASGIApp:
    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        # Only `shutdown` cancels a request, and nothing follows in its task; uvicorn would log it as a failure.
        with contextlib.suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return run


class _CuttableProtocol(HttpToolsProtocol):
    """Gives each request a way to close its own connection, which ASGI has not."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"close": self.transport.close}}


class _BlockServer(uvicorn.Server):
    """A server that starts and stops as its block says, not by signals and not by looking every 0.1 s."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = anyio.Event()
        self._stopped = anyio.Event()

    async def run_until_stopped(self, listener: socket.socket) -> None:
        # Shielded, because uvicorn does not clean up when it is cancelled; `stop` ends it in any case.
        with anyio.CancelScope(shield=True):
            await self.serve(sockets=[listener])

    def stop(self) -> None:
        self.should_exit = True
        self._stopped.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        # A tick renews the Date header.
        while not await self.on_tick(0):
            with anyio.move_on_after(1.0):
                await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        # Connections accepted a moment ago come to life in the loop's next round.
        await anyio.lowlevel.checkpoint()
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        await anyio.lowlevel.checkpoint()
        requests = tuple(self.server_state.tasks)
        for request in requests:
            request.cancel()
        if requests:
            await asyncio.wait(requests)


class RawJson(Response):
    """Bytes that are sent as JSON, whether they are or not."""

    media_type = "application/json"


def json_answer(value: Any, status: int = 200) -> RawJson:
    """Return a value as a JSON answer; aware datetimes become ISO 8601 with an offset."""
    return RawJson(orjson.dumps(value), status)
