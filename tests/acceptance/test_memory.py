"""Answers without end, and what they cost the real process."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from acceptance.processes import RunDaemon, Until

WATCHES = 100
SIZE = 100_000_000
PIECE = b"1," * 32_768
BOMB = gzip.compress(bytes(SIZE))
# What an idle daemon takes, its shared libraries included, differs from machine to machine; so what is bounded is how
# much is added: less than half of what the bodies alone would take, with one `max_body` a watch.
MAX_ADDED_KIB = 45 * 1024

Respond = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def told(writer: asyncio.StreamWriter) -> None:
    """Say how much comes, and send it."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
    for _ in range(SIZE // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()


async def chunked(writer: asyncio.StreamWriter) -> None:
    """Send it in chunks."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(SIZE // len(PIECE)):
        writer.write(b"%x\r\n%b\r\n" % (len(PIECE), PIECE))
        await writer.drain()


async def bomb(writer: asyncio.StreamWriter) -> None:
    """Send it compressed to a thousandth."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(BOMB), BOMB))
    await writer.drain()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Respond], Awaitable[str]]]:
    """Return what starts a server whose answers are small until it is told to answer otherwise."""
    servers: list[asyncio.Server] = []

    async def start(respond: Respond) -> str:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while head := await reader.readuntil(b"\r\n\r\n"):
                    if b"/small/" in head:
                        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"state":"R"}')
                    else:
                        await respond(writer)
            writer.transport.abort()

        servers.append(await asyncio.start_server(converse, "127.0.0.1", 0))
        return f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


def _peak_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _config(url: str, client: str, path: str) -> dict[str, Any]:
    source = {
        "kind": "http-json",
        "base_url": url,
        "http_client": client,
        "parameters": ["job"],
        "request": {"path": f"/{path}/{{job}}"},
        "read": {"state": "state"},
        "states": {"R": "running"},
        "poll": {"interval": "500ms"},
    }
    small = source | {"request": {"path": "/small/{job}"}}
    watches = [{"source": "large", "job": {"job": number}} for number in range(WATCHES)]
    return {
        "sources": {"large": source, "small": small},
        "server": {"listen": "127.0.0.1:0"},
        "log": {"format": "json"},
        "watches": [*watches, {"source": "small", "job": {"job": "one"}}],
    }


@pytest.mark.parametrize(
    ("client", "respond"),
    [
        ("pyreqwest", bomb),
        pytest.param("httpx", bomb, marks=pytest.mark.slow),
        *(
            pytest.param(client, respond, marks=pytest.mark.slow)
            for client in ("pyreqwest", "httpx")
            for respond in (told, chunked)
        ),
    ],
)
async def test_endless_answers_do_not_add_up(
    client: str, respond: Respond, serve: Any, run_daemon: RunDaemon, until: Until
) -> None:
    """A hundred watches whose answers are a hundred megabytes; other jobs are followed meanwhile."""
    url = await serve(respond)
    daemon = run_daemon(_config(url, client, "small"))
    await daemon.up()
    for number in range(WATCHES):
        await daemon.logged("job.running", key=f"large/{number}")
    before_kib = _peak_kib(daemon.pid)
    daemon.configure(_config(url, client, "large"))
    await daemon.reload()
    refused = "failed: the body is larger than 1048576 bytes."

    def are_refused() -> bool:
        lines = [line for line in daemon.lines() if line["event"] == "poll.failed"]
        assert all(line["error"].endswith(refused) for line in lines), lines
        return {line["job"] for line in lines} == {f"large/{number}" for number in range(WATCHES)}

    await until("every answer is refused", are_refused)
    added_kib = _peak_kib(daemon.pid) - before_kib
    assert added_kib < MAX_ADDED_KIB, f"{added_kib} KiB more than {before_kib} KiB"
    assert await daemon.stop() == 0
