"""What the service manager is told."""

import socket
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
import structlog

from jobwatchd.app.service import Service
from jobwatchd.engine.heartbeats import Heartbeats
from jobwatchd.engine.runtime import Runtime
from jobwatchd.instruments import Registry
from jobwatchd.prometheus_observer import PrometheusObserver
from jobwatchd.sd_notify import Notifier
from jobwatchd.telemetry import Telemetry
from jobwatchd.testing import FakeClock


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen as systemd does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(0)
        yield sock


def received(manager: socket.socket) -> list[str]:
    """Return what was told since it was asked last."""
    told = []
    try:
        while True:
            told.append(manager.recv(4_096).decode())
    except BlockingIOError:
        return told


async def test_a_start_that_waits_for_the_store_is_given_time(manager: socket.socket) -> None:
    """Again and again while it waits, and not when it has started; the status line says what is waited for."""
    clock = FakeClock()
    observer = PrometheusObserver(Telemetry(Registry()))
    heartbeats = Heartbeats(clock, observer)
    runtime = Runtime(clock, lambda: 0.5, structlog.get_logger(), observer, heartbeats)
    notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "30000000"})
    service = Service(runtime, notifier, lambda: "watching 0 jobs")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(service.run)
        await clock.advance(0)
        assert received(manager) == ["WATCHDOG=1", "STATUS=starting"]
        heartbeats.set_outage("store", "the disk is full")
        await clock.advance(40)
        told = received(manager)
        assert told.count("EXTEND_TIMEOUT_USEC=60000000") == told.count("WATCHDOG=1") == 4
        assert [line for line in told if line.startswith("STATUS")] == ["STATUS=the disk is full"]
        heartbeats.set_outage("store", None)
        heartbeats.set_ready(True)
        await clock.advance(10)
        assert received(manager) == ["WATCHDOG=1", "STATUS=watching 0 jobs"]
        heartbeats.set_outage("store", "the disk is full")
        await clock.advance(10)
        assert received(manager) == ["WATCHDOG=1", "STATUS=the disk is full"]
        tasks.cancel_scope.cancel()
