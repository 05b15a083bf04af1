"""Notifications to systemd, received on real sockets."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobwatchd.sd_notify import MAX_STATUS, Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen as systemd does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(0)
        yield sock


def received(manager: socket.socket) -> str:
    """Return one notification."""
    return manager.recv(4_096).decode()


def test_each_state_has_its_words(manager: socket.socket) -> None:
    """What systemd reads is what sd_notify(3) says."""
    notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname()})
    notifier.ready()
    notifier.stopping(within_s=30.0)
    notifier.watchdog()
    notifier.status("2 sources, 5 watches")
    told = [received(manager) for _ in range(4)]
    assert told == ["READY=1", "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000", "WATCHDOG=1", "STATUS=2 sources, 5 watches"]


def test_a_long_status_is_cut(manager: socket.socket) -> None:
    """A message that is too long would not arrive at all."""
    Notifier({"NOTIFY_SOCKET": manager.getsockname()}).status("x" * 10_000)
    assert len(received(manager)) == len("STATUS=") + MAX_STATUS


def test_reloading_carries_the_monotonic_time(manager: socket.socket) -> None:
    """The service manager tells by it which READY=1 ends the reload."""
    before = time.monotonic_ns() // 1_000
    Notifier({"NOTIFY_SOCKET": manager.getsockname()}).reloading()
    first, second = received(manager).split("\n")
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1_000


def test_a_timeout_is_extended_in_microseconds(manager: socket.socket) -> None:
    """From now on, for the start or the stop that is under way."""
    Notifier({"NOTIFY_SOCKET": manager.getsockname()}).extend_timeout(60.0)
    assert received(manager) == "EXTEND_TIMEOUT_USEC=60000000"


def test_a_status_is_one_line(manager: socket.socket) -> None:
    """A line end would begin another assignment."""
    Notifier({"NOTIFY_SOCKET": manager.getsockname()}).status("a\nREADY=1\r\nb")
    assert received(manager) == "STATUS=a READY=1 b"


def test_abstract_sockets_are_reached() -> None:
    """Their names begin with @ in the environment, and with a zero byte in truth."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("")
        name = sock.getsockname().decode("latin-1").removeprefix("\0")
        sock.settimeout(0)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert received(sock) == "READY=1"


@pytest.mark.parametrize("name", ["", "relative", "/nowhere/at/all", "/" + "x" * 200, "@", "/a\0b", "vsock:2:1"])
def test_nothing_is_raised_where_nobody_listens(name: str) -> None:
    """Without systemd, or with a socket that is gone, the daemon goes on."""
    notifier = Notifier({"NOTIFY_SOCKET": name})
    notifier.ready()
    notifier.reloading()


def test_a_manager_that_does_not_read_holds_nobody_up(manager: socket.socket) -> None:
    """When its queue is full, notifications are lost."""
    notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname()})
    for _ in range(5_000):
        notifier.watchdog()
    assert received(manager) == "WATCHDOG=1"


@pytest.mark.parametrize(
    ("env", "interval_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "me"}, None),
    ],
)
def test_the_watchdog_interval_is_ours_only(env: dict[str, str], interval_s: float | None) -> None:
    """It is in microseconds, and may be meant for another process."""
    assert Notifier(env).watchdog_interval_s == interval_s
