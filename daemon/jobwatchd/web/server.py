"""Listening, and serving until told to stop."""

import contextlib
import socket
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.types import ASGIApp

from jobwatchd.errors import ConfigError
from jobwatchd.web.protocol import BoundedProtocol

BACKLOG = 1_024
MAX_CONNECTIONS = 1_000
# Longer than the usual scrape interval, so that Prometheus and probes keep their connections.
KEEP_ALIVE_S = 75
STOP_WITHIN_S = 5
MAX_PORT = 65_535


def bind(listen: str, *, local_only: bool = False) -> list[socket.socket]:
    """Return sockets that listen at `listen`: `127.0.0.1:25629`, `[::1]:25629`, `localhost:25629`, or `:25629` for all.

    Port 0 takes any free one. Raises ConfigError where the address cannot be understood or taken, and, with
    `local_only`, where it can be reached from other machines.
    """
    host, port = _split(listen)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as exc:
        raise ConfigError(f"server.listen: {listen!r} is not an address of this machine: {exc.strerror}.") from exc
    addresses = sorted({(family, address) for family, _, _, _, address in found}, key=lambda each: each[0])
    if port == 0:
        addresses = addresses[:1]  # two families would get two different ports
    if local_only and not all(ip_address(address[0]).is_loopback for _, address in addresses):
        raise ConfigError(
            f"server.listen: {listen!r} can be reached from other machines, which needs server.tokens_file; "
            "without it, listen at 127.0.0.1 or [::1]."
        )
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(_listen(listen, family, address)) for family, address in addresses]
        opened.pop_all()
    return sockets


def address_of(sock: socket.socket) -> str:
    """Return where `sock` listens, as it stands in a URL: `127.0.0.1:25629`, `[::1]:25629`."""
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


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


def _split(listen: str) -> tuple[str | None, int]:
    host, colon, port = listen.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or not port.isascii() or not port.isdecimal() or int(port[:6]) > MAX_PORT:
        raise ConfigError(f"server.listen: {listen!r} is not an address; expected host:port, such as 127.0.0.1:25629.")
    return host or None, int(port)


def _listen(listen: str, family: int, address: Any) -> socket.socket:
    # The protocol is named because asyncio turns Nagle's algorithm off (40 ms a response) only where it is.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(BACKLOG)  # now, because Linux lets two sockets bind the same port and refuses the second to listen
    except OSError as exc:
        sock.close()
        raise ConfigError(f"server.listen: cannot listen at {listen!r}: {exc.strerror}.") from exc
    sock.settimeout(0)
    return sock
