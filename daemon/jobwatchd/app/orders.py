"""What signals ask of the daemon, for its event loop to wait for."""

import asyncio

import anyio

from jobwatchd.signals import Signals


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
