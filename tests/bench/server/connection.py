"""HTTP/1.1 as far as polling clients and webhooks speak it: kept connections, one request after another."""

import asyncio
from collections.abc import Callable

END = b"\r\n\r\n"
Answer = Callable[[bytes, bytes, bytes], bytes]
"""Returns the whole response to a target, the head it came in, and a body."""


class Connection(asyncio.Protocol):
    """One client's connection; `counted` is told 1 when it opens and -1 when it closes."""

    __slots__ = ("_answer", "_counted", "_rest", "_transport")

    def __init__(self, answer: Answer, counted: Callable[[int], None]) -> None:
        self._answer = answer
        self._counted = counted
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]
        self._counted(1)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        """Let go of the transport."""
        self._transport = None
        self._counted(-1)

    def data_received(self, data: bytes) -> None:
        """Answer the requests that have come whole."""
        # Nearly always this is one GET in one piece.
        if not self._rest and data.endswith(END) and data.startswith(b"GET "):
            self._transport.write(self._answer(data[4 : data.find(b" ", 4)], data, b""))  # type: ignore[union-attr]
            return
        self._rest += data
        while request := self._take():
            self._transport.write(self._answer(*request))  # type: ignore[union-attr]

    def _take(self) -> tuple[bytes, bytes, bytes] | None:
        """Take the first whole request off what has come: its target, head and body."""
        end = self._rest.find(END)
        if end < 0:
            return None
        head = self._rest[:end]
        begin = end + len(END)
        stop = begin + _content_length(head)
        if len(self._rest) < stop:
            return None
        body, self._rest = self._rest[begin:stop], self._rest[stop:]
        return head.split(b" ", 2)[1], head, body


def _content_length(head: bytes) -> int:
    _, found, after = head.lower().partition(b"\r\ncontent-length:")
    return int(after.split(b"\r\n", 1)[0]) if found else 0


def response(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    """Return a whole JSON response; each of `headers` ends in CRLF."""
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b" % (
        status,
        headers,
        len(body),
        body,
    )
