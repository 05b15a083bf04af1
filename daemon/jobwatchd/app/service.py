"""Manners towards the service manager: what the process is doing, and that it gets on with it."""

from collections.abc import Callable
from typing import NoReturn

from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.vitals import Vitals
from jobwatchd.ports import Clock
from jobwatchd.sd_notify import Notifier

# How much longer a start may take than it was allowed to, said again and again while it waits for something.
EXTENDED_S = 60.0


class Service:
    """Pets systemd's watchdog while every loop makes progress, and shows a line in `systemctl status`."""

    def __init__(self, notifier: Notifier, vitals: Vitals, clock: Clock, logger: FilteringBoundLogger) -> None:
        self._notifier = notifier
        self._vitals = vitals
        self._clock = clock
        self._logger = logger

    async def run(self, status: Callable[[], str]) -> NoReturn:
        """Report for ever, `status` while all is well; silence while a loop hangs has the watchdog end the process."""
        interval_s = self._notifier.watchdog_interval_s
        unwell: tuple[str, ...] = ()
        shown = ""
        while True:
            ailments = tuple(self._vitals.ailments())
            if not ailments:
                self._notifier.watchdog()
            if ailments != unwell:
                unwell = ailments
                for ailment in ailments:
                    self._logger.error("daemon.unwell", why=ailment)
            if not self._vitals.started and self._vitals.outages():
                self._notifier.extend_timeout(EXTENDED_S)
            hindered = "; ".join([*ailments, *self._vitals.outages()])
            line = hindered or (status() if self._vitals.started else "starting")
            if line != shown:
                shown = line
                self._notifier.status(line)
            await self._clock.sleep(5.0 if interval_s is None else interval_s / 3)
