"""Time as it is passed in."""

from datetime import datetime
from typing import Protocol

import anyio


class Clock(Protocol):
    """Time, injected so that an hour of polling can be simulated in milliseconds."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards, from an arbitrary start."""

    async def sleep(self, delay_s: float) -> None:
        """Sleep for `delay_s` seconds."""

    async def wait(self, event: anyio.Event, timeout_s: float) -> None:
        """Return when `event` is set; after `timeout_s` seconds set it."""
