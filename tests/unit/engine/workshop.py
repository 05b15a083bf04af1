"""Work for the workers of a pool."""

import anyio


class Workshop:
    """Work that lasts until it is let go, and a record of it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.busy = self.most_busy = self.looks = 0
        self.go_on = anyio.Event()
        self.go_on.set()

    def close(self) -> None:
        """Let no work come to its end from now on."""
        self.go_on = anyio.Event()

    async def work(self, item: str) -> bool:
        """Work on an item."""
        self.begun.append(item)
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        await self.go_on.wait()
        self.busy -= 1
        self.done.append(item)
        return True

    async def review(self, _now_s: float) -> None:
        """Count the looks of the feeder."""
        self.looks += 1
