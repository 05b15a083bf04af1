"""The one place where real time enters."""

import time
from datetime import UTC, datetime
from math import ceil

import anyio


class SystemClock:
    """The machine's own time; implements `ports.Clock`."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""
        return datetime.now(UTC)

    # Asked several times a poll, so without a frame of its own.
    monotonic = staticmethod(time.monotonic)

    async def sleep(self, delay_s: float) -> None:
        """Sleep for `delay_s` seconds."""
        await anyio.sleep(delay_s)

    async def wait(self, event: anyio.Event, timeout_s: float) -> None:
        """Return when `event` is set, or after `timeout_s` seconds, whichever is first."""
        # Whole milliseconds, rounded up: uvloop's timers know no smaller ones, and a timer that fires early is set
        # again and again until its time has come.
        with anyio.move_on_after(ceil(timeout_s * 1000) / 1000):
            await event.wait()
