"""Patience with clients, and its end."""

from asyncio import TimerHandle, Transport
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_TIMEOUT_S = 15.0
MAX_HEAD = 65_536


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with a bound on how long a request's head may take, and how large it may be.

    uvicorn itself has neither: one that sends a byte a minute keeps its connection for ever, and counts towards the
    limit of connections.
    """

    _head_timer: TimerHandle | None = None
    _head_size = 0
    head_timeout_s = HEAD_TIMEOUT_S

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Expect the first head."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and see whether a head is on its way."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        cycle = cast(RequestResponseCycle | None, self.cycle)  # uvicorn declares it more narrowly than it is
        idle = cycle is None or cycle.response_complete
        if self._head_timer is None and idle and self.timeout_keep_alive_task is None:
            self._expect_head()
        if self._head_timer is not None:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """Stop waiting for the head."""
        self._forget_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting for anything."""
        self._forget_head()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._head_size = 0
        self._head_timer = self.loop.call_later(self.head_timeout_s, self._give_up)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
