"""A server whose faults are exact to the byte."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

Handler = Callable[["Exchange"], Awaitable[None]]


class Exchange:
    """One connection, from the server's side."""

    def __init__(self, server: "Server", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer

    async def read_head(self) -> str:
        """Read a request up to its empty line, keep it in `server.heads`, and return it."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.server.heads.append(head)
        return head

    async def read_request(self) -> bytes:
        """Read a request and return its body."""
        for line in (await self.read_head()).split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                return await self.reader.readexactly(int(value))
        return b""

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, body: bytes = b"ok", status: str = "200 OK", headers: Sequence[str] = ()) -> None:
        """Send a proper response."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        await self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    async def wait_until_left(self) -> None:
        """Say nothing until the client has gone."""
        await self.reader.read()

    def reset(self) -> None:
        """Cut the connection with an RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Server:
    """What came in at a server, and where it listens."""

    def __init__(self) -> None:
        self.port = 0
        self.heads: list[str] = []
        self.connections = 0
        self.exchanges: set[Exchange] = set()
        self.idle = asyncio.Event()
        self.listener: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """The host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The base URL, without TLS."""
        return f"http://{self.address}"

    async def run(self, handler: Handler, tls: ssl.SSLContext | None) -> None:
        """Listen; each connection is `handler`'s, and closed when it returns."""

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            exchange = Exchange(self, reader, writer)
            self.connections += 1
            self.exchanges.add(exchange)
            self.idle.clear()
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await handler(exchange)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            self.exchanges.discard(exchange)
            if not self.exchanges:
                self.idle.set()

        self.listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        self.port = self.listener.sockets[0].getsockname()[1]
        self.idle.set()

    async def stop(self) -> None:
        """Cut all connections and wait until their handlers have ended."""
        assert self.listener is not None
        self.listener.close()
        for exchange in list(self.exchanges):
            exchange.writer.transport.abort()
        await self.idle.wait()
        await self.listener.wait_closed()
