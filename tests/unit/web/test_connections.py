"""Which connections are given up when there are too many."""

import logging
import resource

import pytest

from jobwatchd.web.protocol import CROWDED_EVERY_S, MAX_CONNECTIONS, BoundedProtocol, Connections, connection_limit


class Client(BoundedProtocol):
    """A connection that notes whether it was given up."""

    def __init__(self) -> None:
        self.given_up = False

    def give_up(self) -> None:
        """Take note."""
        self.given_up = True


def _crowd(limit: int, *clients: Client) -> Connections:
    connections = Connections(limit)
    connections.connections.update(clients)
    return connections


def test_the_longest_idle_goes_first() -> None:
    """Whoever fell idle first is given up first, and only as many as have to."""
    clients = [Client() for _ in range(4)]
    connections = _crowd(2, *clients)
    for client in (clients[2], clients[0], clients[3], clients[1], clients[2]):
        connections.idle(client)
    assert connections.make_room(0.0)
    assert [client.given_up for client in clients] == [True, False, False, True]


def test_who_is_busy_is_left_alone() -> None:
    """Where nobody is idle there is no room."""
    clients = [Client() for _ in range(2)]
    connections = _crowd(1, *clients)
    for client in clients:
        connections.idle(client)
        connections.busy(client)
    assert not connections.make_room(0.0)
    assert not any(client.given_up for client in clients)


def test_a_crowd_is_told_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    """A line says that connections are closed, and not a line for each."""
    connections = _crowd(1, Client(), Client())
    with caplog.at_level(logging.WARNING):
        for now_s in (0.0, 1.0, CROWDED_EVERY_S - 1, CROWDED_EVERY_S):
            connections.make_room(now_s)
    assert len(caplog.records) == 2


@pytest.mark.parametrize(
    ("open_files", "limit"), [(1_024, 256), (256, 64), (1, 1), (65_536, MAX_CONNECTIONS), (-1, MAX_CONNECTIONS)]
)
def test_connections_leave_files_for_the_rest(monkeypatch: pytest.MonkeyPatch, open_files: int, limit: int) -> None:
    """They take a quarter of the files that may be open, and never more than a thousand."""
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (open_files, open_files))
    assert connection_limit() == limit
