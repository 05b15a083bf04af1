"""Serving until told to stop."""

import contextlib
import socket
from collections.abc import Iterator, Sequence

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.types import ASGIApp

from jobwatchd.web.listener import BACKLOG
from jobwatchd.web.protocol import BoundedProtocol

MAX_CONNECTIONS = 1_000
# Longer than the usual scrape interval, so that Prometheus and probes keep their connections.
KEEP_ALIVE_S = 75
STOP_WITHIN_S = 5


async def serve(
    app: ASGIApp, sockets: Sequence[socket.socket], *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Serve `app` on listening `sockets` until cancelled; reports started.

    When cancelled it takes no further request, gives those in flight a few seconds to end, and closes the sockets.
    """
    server = _Server(_config(app))
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

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = anyio.Event()
        self.finished = anyio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the daemon."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections."""
        await super().startup(sockets)
        self.listening.set()


async def _run_shielded(server: _Server, sockets: Sequence[socket.socket]) -> None:
    """Run the server out of reach of cancellation, under which it would not stop in order."""
    with anyio.CancelScope(shield=True):
        await server.serve(sockets=list(sockets))
    server.finished.set()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,  # logging is set up by the daemon
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whether a client is on this machine must not be the client's to say
        backlog=BACKLOG,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
