"""Group writing: what comes within a moment goes into one transaction, which costs as much as some dozen rows do."""

from collections.abc import Awaitable, Callable
from typing import Generic, NoReturn, TypeVar

import anyio

from jobwatchd.engine.heartbeats import LONGEST_NAP_S
from jobwatchd.engine.runtime import Runtime

T = TypeVar("T")

MAX_GROUP = 500
# How long a transaction may take before its loop counts as hanging.
SILENCE_S = 60.0


class Batcher(Generic[T]):
    """Hands what was submitted to `write`, which writes a part of it in one transaction and returns the rest.

    The first of a group waits `delay_s` seconds for others. `pending` is how many are not written yet. When the store
    cannot be used any more, `run` raises what it says: the process has to end, for it can keep no promise.
    """

    def __init__(
        self, runtime: Runtime, name: str, write: Callable[[list[T]], Awaitable[list[T]]], delay_s: float
    ) -> None:
        self._name = name
        self._write = write
        self._delay_s = delay_s
        self._clock = runtime.clock
        self._heartbeats = runtime.heartbeats
        self.pending = 0
        self._queue: list[T] = []
        self._wake = anyio.Event()
        self._lock = anyio.Lock()

    def submit(self, item: T) -> None:
        """Have something written soon."""
        self._queue.append(item)
        self.pending += 1
        self._wake.set()

    async def run(self) -> NoReturn:
        """Write what is submitted, for ever; raises what the store raises."""
        self._heartbeats.register(self._name, SILENCE_S)
        try:
            while True:
                await self._clock.wait(self._wake, LONGEST_NAP_S)
                if self._queue and self._delay_s:
                    await self._clock.sleep(self._delay_s)
                self._wake = anyio.Event()
                async with self._lock:
                    if self._queue:  # else a flush was faster
                        self._queue = await self._write_some(self._take()) + self._queue
                if self._queue:
                    self._wake.set()
                self._heartbeats.progress(self._name)
        finally:
            self._heartbeats.forget(self._name)

    async def flush(self) -> None:
        """Return when all that was submitted so far is written."""
        async with self._lock:
            # Not what comes meanwhile: others may submit faster than a slow disk writes.
            left = self._take()
            try:
                while left:
                    left = await self._write_some(left)
                    self._heartbeats.progress(self._name)
            finally:
                self._queue = left + self._queue

    async def _write_some(self, queue: list[T]) -> list[T]:
        left = await self._write(queue)
        self.pending -= len(queue) - len(left)
        return left

    def _take(self) -> list[T]:
        queue, self._queue = self._queue, []
        return queue
