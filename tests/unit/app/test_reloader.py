"""Reloading when that is asked for, however often, until the end is."""

import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.abc import TaskGroup
from anyio.from_thread import run_sync

from jobwatchd.app.service import Orders
from jobwatchd.settings import Settings
from jobwatchd.signals import Signals
from unit.app.desk import Desk, text


class Reading:
    """A configuration that is being read until it is let go on; how often it was begun."""

    def __init__(self, desk: Desk) -> None:
        self._load = desk.load
        self.begun = 0
        self.is_begun = anyio.Event()
        self.go_on = threading.Event()
        desk.load = self.load

    def load(self) -> Settings:
        """Wait, then load."""
        run_sync(self._note)
        self.go_on.wait()
        settings: Settings = self._load()
        return settings

    def _note(self) -> None:
        self.begun += 1
        self.is_begun.set()


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> Signals:
    """Return what hears signals, which no process sends here, and which does not end this one."""
    monkeypatch.setattr("jobwatchd.signals._leave_within", lambda _delay_s: None)
    return Signals()


@asynccontextmanager
async def reloading(desk: Desk, signals: Signals, tasks: TaskGroup) -> AsyncIterator[Orders]:
    """Obey for as long as the body lasts."""
    orders = Orders(signals)
    orders.attend(1.0)
    async with anyio.create_task_group() as group:
        group.start_soon(desk.reloader.run, orders, tasks)
        yield orders
        group.cancel_scope.cancel()


@pytest.fixture
def reading(desk: Desk) -> Iterator[Reading]:
    """Return a configuration whose reading is held back; it ends with the test."""
    reading = Reading(desk)
    reading.go_on.set()
    yield reading
    reading.go_on.set()


async def done(desk: Desk, times: int) -> None:
    """Return once so many reloads were done."""
    while desk.events().count("reload.done") < times:
        await anyio.lowlevel.checkpoint()


async def test_many_requests_during_a_reload_are_one(desk: Desk, signals: Signals, reading: Reading) -> None:
    """The one that runs comes to its end, and one more follows it, with what the file says by then."""
    load = desk.load
    desk.load = reading._load
    async with desk.running(text("graph")) as tasks, reloading(desk, signals, tasks):
        desk.load = load
        reading.go_on.clear()
        signals.note(signal.SIGHUP)
        await reading.is_begun.wait()
        for _ in range(20):
            signals.note(signal.SIGHUP)
        desk.file.write_text(text("graph", "media"))
        reading.go_on.set()
        await done(desk, 2)
        await desk.clock.advance(1)
        assert (reading.begun, desk.events().count("reload.done")) == (2, 2)
        assert set(desk.engine.watchlist.lanes) == {"graph", "media"}


async def test_a_request_from_before_is_kept(desk: Desk, signals: Signals) -> None:
    """It came while the daemon was starting, more than once: one reload follows."""
    signals.note(signal.SIGHUP)
    signals.note(signal.SIGHUP)
    async with desk.running(text("graph")) as tasks, reloading(desk, signals, tasks):
        await done(desk, 1)
        await desk.clock.advance(1)
    assert desk.events().count("reload.done") == 1


async def test_the_end_does_not_wait_for_a_file_that_is_being_read(
    desk: Desk, signals: Signals, reading: Reading
) -> None:
    """What is being read is left to itself, and nothing of it comes into force."""
    load = desk.load
    desk.load = reading._load
    async with desk.running(text("graph")) as tasks:
        desk.load = load
        async with reloading(desk, signals, tasks) as orders:
            reading.go_on.clear()
            signals.note(signal.SIGHUP)
            await reading.is_begun.wait()
            signals.note(signal.SIGTERM)
            assert await orders.stop() == 15
        assert not reading.go_on.is_set()
        assert "reload.done" not in desk.events()
