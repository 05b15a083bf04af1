"""The one place where real time enters."""

import time
from datetime import UTC, datetime

import anyio


class SystemClock:
    """The machine's own time; implements `ports.Clock`."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go backwards, from an arbitrary start."""
        return time.monotonic()

    async def sleep(self, delay_s: float) -> None:
        """Sleep for `delay_s` seconds."""
        await anyio.sleep(delay_s)
