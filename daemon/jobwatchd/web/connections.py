"""All connections of the server, and which of them can be spared when there are too many."""

import logging
import resource
from typing import Protocol

from uvicorn.server import ServerState

# At most, and at most this part of the files that the process may open: polls, webhooks and the database need some too.
MAX_CONNECTIONS = 1_000
PART_OF_FILES = 4
CROWDED_EVERY_S = 60.0
_logger = logging.getLogger("jobwatchd.web")


def connection_limit() -> int:
    """Return how many connections there may be."""
    open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if open_files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, open_files // PART_OF_FILES))


class Spared(Protocol):
    """A connection that can be given up."""

    def give_up(self) -> None:
        """Close it now, whatever has not been sent yet."""


class Connections(ServerState):
    """uvicorn's state, with the connections on which nothing is being done: the longest idle are given up first.

    A new one thus finds room while any other is idle, has not sent its request yet, or does not take its answer.
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        # In the order in which they fell idle.
        self._idle: dict[Spared, None] = {}
        self._told_at_s = -CROWDED_EVERY_S

    def idle(self, connection: Spared) -> None:
        """Note that nothing is being done on a connection, from now on."""
        self._idle.pop(connection, None)
        self._idle[connection] = None

    def busy(self, connection: Spared) -> None:
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
