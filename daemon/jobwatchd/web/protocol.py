"""HTTP/1.1 with bounds on what one client may take from the others."""

import logging
import re
import resource
from asyncio import TimerHandle, Transport
from typing import cast

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

# At most, and at most this part of the files that the process may open: polls, webhooks and the database need some too.
MAX_CONNECTIONS = 1_000
PART_OF_FILES = 4
CROWDED_EVERY_S = 60.0
HEAD_TIMEOUT_S = 15.0
TAKE_TIMEOUT_S = 30.0
MAX_HEAD = 32_768
# Requests that a client may send ahead, without waiting for the answer to the one before.
MAX_AHEAD = 16
_logger = logging.getLogger("jobwatchd.web")


def connection_limit() -> int:
    """Return how many connections there may be."""
    open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if open_files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, open_files // PART_OF_FILES))


class Connections(ServerState):
    """uvicorn's state, with the connections on which nothing is being done: the longest idle are given up first.

    A new one thus finds room while any other is idle, has not sent its request yet, or does not take its answer.
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        # In the order in which they fell idle.
        self._idle: dict[BoundedProtocol, None] = {}
        self._told_at_s = -CROWDED_EVERY_S

    def idle(self, connection: "BoundedProtocol") -> None:
        """Note that nothing is being done on a connection, from now on."""
        self._idle.pop(connection, None)
        self._idle[connection] = None

    def busy(self, connection: "BoundedProtocol") -> None:
        """Note that a connection cannot be spared, or is gone."""
        self._idle.pop(connection, None)

    def make_room(self, now_s: float) -> bool:
        """Give up idle connections until there are no more than the limit; False where that does not suffice."""
        if len(self.connections) > self.limit and now_s - self._told_at_s >= CROWDED_EVERY_S:
            self._told_at_s = now_s
            _logger.warning("More than %d connections: those that were idle for longest are closed.", self.limit)
        while len(self.connections) > self.limit and self._idle:
            oldest = next(iter(self._idle))
            del self._idle[oldest]
            # It counts until it has been told that it is lost, which takes a moment.
            self.connections.discard(oldest)
            oldest.give_up()
        return len(self.connections) <= self.limit


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with bounds on what a client may do to the others.

    How long a request's head may take, how large it may be, and how many requests may be sent ahead; for how long an
    answer may lie untaken; and how many connections there may be: beyond that, those on which nothing is being done are
    closed, the longest idle first. uvicorn itself answers 503 to everybody then, health checks included.
    """

    _running: RequestResponseCycle | None = None
    _head_timer: TimerHandle | None = None
    _head_size = 0
    _unsent = 0
    _taken_at_s = 0.0
    head_timeout_s = HEAD_TIMEOUT_S
    take_timeout_s = TAKE_TIMEOUT_S

    @property
    def _all(self) -> Connections:
        return cast(Connections, self.server_state)

    @property
    def _is_working(self) -> bool:
        return self._running is not None and not self._running.response_complete

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Find room for a connection, and expect the first head."""
        super().connection_made(transport)
        if not self._all.make_room(self.loop.time()):
            self._all.connections.discard(self)
            transport.abort()
            return
        self._all.idle(self)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and see whether a head is on its way."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._head_timer is None and not self._is_working and self.timeout_keep_alive_task is None:
            self._expect_head()
        if self._head_timer is not None:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """Stop waiting for the head, and begin with the request."""
        self._forget_head()
        if len(self.pipeline) >= MAX_AHEAD:
            self.transport.abort()
        if self.transport.is_closing() or sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD:
            raise ValueError  # which the parser makes its own error, and answers with 400 where anybody is there
        self._all.busy(self)
        self._take_host_of_target()
        super().on_headers_complete()

    def _take_host_of_target(self) -> None:
        """Have a host that the target names stand for what `Host` says, as RFC 9112 demands of a server (3.2.2)."""
        scheme, separator, rest = self.url.partition(b"://")
        if separator and not scheme.startswith(b"/"):
            authority = re.split(rb"[/?#]", rest, maxsplit=1)[0]
            self.headers[:] = [(b"host", authority), *(each for each in self.headers if each[0] != b"host")]

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Take note that nothing is being done here any more, unless the next request is there already."""
        super().on_response_complete()
        if not self._is_working:
            self._all.idle(self)

    def pause_writing(self) -> None:
        """Take note that the client does not take its answer."""
        super().pause_writing()
        self._all.idle(self)

    def resume_writing(self) -> None:
        """Take note that the client takes its answer again."""
        super().resume_writing()
        if self._is_working:
            self._all.busy(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting for anything."""
        self._forget_head()
        self._all.busy(self)
        super().connection_lost(exc)
        # uvicorn tells the last request only, and those before it would write to nobody, and complain of it.
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()

    def review(self, now_s: float) -> None:
        """Give up a client that has taken nothing of its answer for too long; called about once a second."""
        unsent = self.transport.get_write_buffer_size()
        if not unsent or not self._unsent or unsent < self._unsent:
            self._taken_at_s = now_s
        self._unsent = unsent
        if unsent and now_s - self._taken_at_s >= self.take_timeout_s:
            self.transport.abort()

    def give_up(self) -> None:
        """Close the connection now, whatever has not been sent yet."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # closing would wait for the client to take it
        else:
            self.transport.close()

    def _expect_head(self) -> None:
        self._head_size = 0
        self._head_timer = self.loop.call_later(self.head_timeout_s, self._end_patience)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end_patience(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
