"""How many requests may be in flight."""

import anyio


class Slots:
    """So many requests at once; others wait their turn, `wait_s` seconds at most."""

    def __init__(self, count: int, wait_s: float) -> None:
        self._wait_s = wait_s
        self._free = anyio.Semaphore(count, fast_acquire=True)

    def take_at_once(self) -> None:
        """Take a slot that is free, as one nearly always is; raises `anyio.WouldBlock` where none is."""
        self._free.acquire_nowait()

    async def take(self) -> None:
        """Wait for a slot and take it; raises `TimeoutError` where none came free in time."""
        with anyio.fail_after(self._wait_s):
            await self._free.acquire()

    def give_back(self) -> None:
        """Let the next request go."""
        self._free.release()
