"""Serving until told to stop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from typing import cast

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobwatchd.web.listener import BACKLOG
from jobwatchd.web.problems import ProblemResponse
from jobwatchd.web.protocol import BoundedProtocol, Connections, connection_limit

# Longer than the usual scrape interval, so that Prometheus and probes keep their connections.
KEEP_ALIVE_S = 75
STOP_WITHIN_S = 5
# Of uvicorn's, which are a tenth of a second.
TICKS_A_REVIEW = 10


async def serve_sockets(
    app: ASGIApp,
    sockets: Sequence[socket.socket],
    max_connections: int | None = None,
    *,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` on listening `sockets` until cancelled; reports started.

    There are at most `max_connections`, by default as `connection_limit` says.
    When cancelled it takes no further request, gives those in flight a few seconds to end, and closes the sockets.
    """
    server = _Server(_config(_cut_off_quietly(app)), max_connections or connection_limit())
    async with anyio.create_task_group() as group:
        group.start_soon(_run_shielded, server, sockets)
        try:
            await server.listening.wait()
            task_status.started()
            await server.finished.wait()
        finally:
            server.should_exit = True


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own, telling when it has started and when it has ended."""

    server_state: Connections

    def __init__(self, config: uvicorn.Config, max_connections: int) -> None:
        super().__init__(config)
        self.server_state = Connections(max_connections)
        self.listening = anyio.Event()
        self.finished = anyio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the daemon."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Once in a while, look after clients that take nothing of their answers."""
        if counter % TICKS_A_REVIEW == 0:
            now_s = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                cast(BoundedProtocol, connection).review(now_s)
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections."""
        await super().startup(sockets)
        self.listening.set()


async def _run_shielded(server: _Server, sockets: Sequence[socket.socket]) -> None:
    """Run the server out of reach of cancellation, under which it would not stop in order."""
    with anyio.CancelScope(shield=True):
        await server.serve(sockets=list(sockets))
    server.finished.set()


def _cut_off_quietly(app: ASGIApp) -> ASGIApp:
    """Return `app` with an answer for requests that are not done when the server has to end; uvicorn takes it badly."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def note_and_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, note_and_send)
        except asyncio.CancelledError:
            if begun:
                raise
            refusal = ProblemResponse(503, "jobwatchd is stopping.", headers={"Connection": "close"})
            await refusal(scope, receive, send)

    return call


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,  # logging is set up by the daemon
        log_level="error",  # what a client does wrong is told to the client
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whether a client is on this machine must not be the client's to say
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
