"""Group commit: what comes within a moment goes into one transaction, which costs as much as some dozen rows do."""

from typing import Generic, NoReturn, Protocol, TypeVar

import anyio

from jobwatchd.engine.heartbeats import LONGEST_NAP_S
from jobwatchd.engine.runtime import Runtime

T = TypeVar("T")

MAX_GROUP = 500
# How long a transaction may take before its loop counts as hanging.
SILENCE_S = 60.0


class BatchWriter(Protocol[T]):
    """What writes batches."""

    async def write(self, batch: list[T]) -> list[T]:
        """Write a part of a batch in one transaction, and return the rest; raises what the store raises."""


class Batcher(Generic[T]):
    """Hands what was submitted to its writer, some at a time.

    The first of a group waits `delay_s` seconds for others. `pending` is how many are not written yet. When the store
    cannot be used any more, `run` raises what it says: the process has to end, for it can keep no promise.
    """

    def __init__(self, runtime: Runtime, name: str, writer: BatchWriter[T], delay_s: float) -> None:
        self._name = name
        self._writer = writer
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
        left = await self._writer.write(queue)
        self.pending -= len(queue) - len(left)
        return left

    def _take(self) -> list[T]:
        queue, self._queue = self._queue, []
        return queue
