"""A bounded pool of workers fed by one schedule, as a limiter admits; what lanes and deliveries have in common.

Items that fall due wait in one queue. Workers take them from there; a worker with nothing to do sleeps. The feeder
moves what falls due into the queue, wakes or starts workers, and naps until there may be more to do. It never works
itself, so a million scheduled items cost a million small entries and a few dozen tasks.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import anyio
from anyio.abc import TaskGroup

from jobwatchd.engine.heartbeats import LONGEST_NAP_S
from jobwatchd.engine.runtime import Runtime
from jobwatchd.engine.schedule import Schedule

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Workload(Protocol[T_contra]):
    """Whose work a pool does, as a lane's and a sink's."""

    async def work(self, item: T_contra, /) -> bool:
        """Work on an item; returns whether the admission was used, else the pool gives it back."""

    async def review(self, now_s: float) -> float | None:
        """See to what else is due, at every look of the feeder; returns when it is wanted again at the latest."""


class Limiter(Protocol[T_contra]):
    """What says how much may be begun now, as `source_limiter.SourceLimiter` does."""

    def allowance(self, now_s: float) -> int:
        """Return how much would be admitted now."""

    def admit(self, now_s: float) -> bool:
        """Whether one item may be begun now; a True is used up."""

    def give_back(self, item: T_contra, /) -> None:
        """Take back the admission of an item that did not use it."""

    def next_s(self, now_s: float) -> float | None:
        """Return when the next will be admitted; None when the end of some work has to be waited for."""


class Line(Protocol[T]):
    """Items that are due, in the order in which they are begun; a deque is one. Its length is what may be begun."""

    def __len__(self) -> int: ...

    def append(self, item: T, /) -> None:
        """Put an item in line."""

    def extend(self, items: Iterable[T], /) -> None:
        """Put several in line."""

    def popleft(self) -> T:
        """Take the next."""


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How many items are worked on at a time, and for how long nothing may get done before the pool counts as hanging.

    That is, while work is under way or could be begun.
    """

    concurrency: int
    silence_s: float


class WorkerPool(Generic[T]):
    """Has each scheduled item worked on by its `workload`, some at a time.

    `line` is where items wait that are due; without one, first come is first served.
    """

    def __init__(
        self,
        runtime: Runtime,
        name: str,
        workload: Workload[T],
        limiter: Limiter[T],
        *,
        limits: PoolLimits,
        line: Line[T] | None = None,
    ) -> None:
        self.name = name
        self._limits = limits
        self._workload = workload
        self._limiter = limiter
        self._clock = runtime.clock
        self._heartbeats = runtime.heartbeats
        self._schedule: Schedule[T] = Schedule()
        self._due: Line[T] = deque() if line is None else line
        self._workers = 0
        self._idle: list[anyio.Event] = []
        self._completed = 0
        self._alarm = anyio.Event()
        self._alarm_at_s = math.inf
        self._running = False
        self._stopping = False
        self._finished = anyio.Event()

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way, or due and admitted by the limiter."""
        now_s = self._clock.monotonic()
        next_due_s = self._schedule.next_due_s()
        due = bool(self._due) or (next_due_s is not None and next_due_s <= now_s)
        return self._working > 0 or (due and self._limiter.allowance(now_s) > 0)

    @property
    def _working(self) -> int:
        return self._workers - len(self._idle)

    def configure(self, limits: PoolLimits) -> None:
        """Take new limits; they hold from now on, and no work under way is cut short."""
        self._limits = limits
        if self._running:
            self._heartbeats.register(self.name, limits.silence_s)
        self.wake()

    def put(self, item: T, due_s: float) -> None:
        """Schedule an item; safe to call from the workload."""
        if due_s <= self._clock.monotonic():
            # Not by way of the schedule: it may hold an item back for a moment, in which the pool would seem idle.
            self._due.append(item)
            self.wake()
            return
        self._schedule.push(due_s, item)
        if due_s < self._alarm_at_s:
            self.wake()

    def wake(self) -> None:
        """Have the feeder look again now rather than at the end of its nap."""
        if self._alarm_at_s > -math.inf:
            self._alarm_at_s = -math.inf
            self._alarm.set()

    async def stop(self) -> None:
        """Begin no more work, and return when what is under way has come to its end."""
        self._stopping = True
        self.wake()
        self._wake_workers(len(self._idle))
        if self._running:
            await self._finished.wait()

    async def run(self) -> None:
        """Work until `stop` is called; raises what the workload raises."""
        self._heartbeats.register(self.name, self._limits.silence_s)
        self._running = True
        try:
            async with anyio.create_task_group() as workers:
                while not self._stopping:
                    await self._feed(workers)
        finally:
            self._running = False
            self._heartbeats.forget(self.name)
            self._finished.set()

    async def _feed(self, workers: TaskGroup) -> None:
        """Wake workers for what has fallen due, then nap until there may be more."""
        completed = self._completed
        now_s = self._clock.monotonic()
        self._alarm = anyio.Event()
        self._alarm_at_s = math.inf
        review_at_s = await self._workload.review(now_s)
        self._due.extend(self._schedule.pop_due(now_s))
        self._start_workers(workers, min(len(self._due), self._limiter.allowance(now_s)))
        if self._alarm_at_s == math.inf:
            self._alarm_at_s = self._next_look_s(now_s, review_at_s)
            await self._clock.wait(self._alarm, max(0.0, self._alarm_at_s - now_s))
        if self._completed != completed or not self.is_busy:
            self._heartbeats.progress(self.name)

    def _next_look_s(self, now_s: float, review_at_s: float | None) -> float:
        wanted = [now_s + LONGEST_NAP_S, self._schedule.next_due_s(), review_at_s]
        if self._due and self._working < self._limits.concurrency:
            # Items are due and workers are free: the limiter holds them back, and knows for how long.
            wanted.append(self._limiter.next_s(now_s))
        return min(moment for moment in wanted if moment is not None)

    def _start_workers(self, workers: TaskGroup, wanted: int) -> None:
        woken = self._wake_workers(wanted)
        for _ in range(min(wanted - woken, self._limits.concurrency - self._workers)):
            self._workers += 1
            workers.start_soon(self._work, name=f"{self.name} worker")

    def _wake_workers(self, wanted: int) -> int:
        count = min(wanted, len(self._idle))
        for _ in range(count):
            self._idle.pop().set()
        return count

    async def _work(self) -> None:
        """Work on what is due, one item after another; sleep while nothing is, or nothing may be."""
        due, admit, monotonic, work = self._due, self._limiter.admit, self._clock.monotonic, self._workload.work
        while not self._stopping and self._workers <= self._limits.concurrency:
            if due and admit(monotonic()):
                item = due.popleft()
                if not await work(item):
                    self._limiter.give_back(item)
                self._completed += 1
                continue
            if due:
                self.wake()  # the feeder knows when the limiter will admit the next
            called = anyio.Event()
            self._idle.append(called)
            await called.wait()
        self._workers -= 1
