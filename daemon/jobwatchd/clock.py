"""The one place where real time enters."""

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from math import ceil

import anyio


class SystemClock:
    """The machine's own time; implements `ports.Clock`."""

    # Asked several times a poll, so without frames of their own.
    now = staticmethod(partial(datetime.now, UTC))
    monotonic = staticmethod(time.monotonic)

    async def sleep(self, delay_s: float) -> None:
        """Sleep for `delay_s` seconds."""
        await anyio.sleep(delay_s)

    async def wait(self, event: anyio.Event, timeout_s: float) -> None:
        """Return when `event` is set; after `timeout_s` seconds set it."""
        # A timer of the loop's own costs a quarter of a cancel scope. Whole milliseconds, rounded up: uvloop's timers
        # know no smaller ones, and would fire early.
        timer = asyncio.get_running_loop().call_later(ceil(timeout_s * 1000) / 1000, event.set)
        try:
            await event.wait()
        finally:
            timer.cancel()
