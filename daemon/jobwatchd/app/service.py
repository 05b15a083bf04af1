"""What the service manager is told of the process, and what signals ask of it."""

import asyncio
from collections.abc import Callable
from typing import NoReturn

import anyio

from jobwatchd.engine.runtime import Runtime
from jobwatchd.sd_notify import Notifier
from jobwatchd.signals import Signals

# How much longer a start may take than it was allowed to, said again and again while it waits for something.
EXTENDED_S = 60.0


class Service:
    """Pets systemd's watchdog while every loop makes progress, and shows a line in `systemctl status`.

    `status` says what that line is while all is well.
    """

    def __init__(self, runtime: Runtime, notifier: Notifier, status: Callable[[], str]) -> None:
        self._notifier = notifier
        self._heartbeats = runtime.heartbeats
        self._clock = runtime.clock
        self._logger = runtime.logger
        self._status = status
        self._shown = ""

    async def run(self) -> NoReturn:
        """Report for ever; silence while a loop hangs has the watchdog end the process."""
        interval_s = self._notifier.watchdog_interval_s
        unwell: tuple[str, ...] = ()
        while True:
            problems = tuple(self._heartbeats.problems())
            if not problems:
                self._notifier.watchdog()
            if problems != unwell:
                unwell = problems
                for problem in problems:
                    self._logger.error("daemon.unwell", why=problem)
            if not self._heartbeats.started and self._heartbeats.outages():
                self._notifier.extend_timeout(EXTENDED_S)
            hindered = "; ".join([*problems, *self._heartbeats.outages()])
            self._show(hindered or (self._status() if self._heartbeats.started else "starting"))
            await self._clock.sleep(5.0 if interval_s is None else interval_s / 3)

    def reloading(self) -> None:
        """Say that the configuration is being read again; `ready` has to follow."""
        self._notifier.reloading()
        self._show("reading the configuration")

    def ready(self) -> None:
        """Say that start-up, or a reload, has come to its end, and what came of it."""
        self._notifier.ready()
        self._show(self._status())

    def stopping(self, within_s: float) -> None:
        """Say that shutdown has begun, and within how many seconds it will be over."""
        self._notifier.stopping(within_s)

    def _show(self, line: str) -> None:
        if line != self._shown:
            self._shown = line
            self._notifier.status(line)


class Orders:
    """Waits for what `signals` hear; made inside the event loop."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._loop = asyncio.get_running_loop()
        self._heard = anyio.Event()

    def attend(self, drain_s: float) -> None:
        """Be told of signals from now on; until then, one that asks for the end ends the process."""
        self._signals.attend(lambda: self._loop.call_soon_threadsafe(self._wake), drain_s)

    async def reload(self) -> None:
        """Return when a reload is wanted; however often that was said since the last one, it is one."""
        while not self._signals.take_reload():
            await self._heard.wait()

    async def stop(self, times: int = 1) -> int:
        """Return when the end was asked for so often, the number of the first signal that did."""
        while self._signals.stops < times:
            await self._heard.wait()
        return self._signals.stop_signal

    def _wake(self) -> None:
        heard, self._heard = self._heard, anyio.Event()
        heard.set()
