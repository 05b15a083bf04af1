"""Group commit: steps that come within one transaction's time go into the next transaction together."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import anyio

from jobwatchd.model.event import Event
from jobwatchd.model.health import HealthStep
from jobwatchd.model.transition import Step
from jobwatchd.ports import Clock, Route, Store

MAX_GROUP = 500


@dataclass(slots=True)
class _Waiting:
    """A step that somebody waits to see written."""

    step: Step | HealthStep
    done: anyio.Event = field(default_factory=anyio.Event)
    written: bool = False


class Commits:
    """Writes steps; whoever submits one goes on only once it is on disk, or known to be stale.

    The first of a group waits `gather_s` seconds for others: a transaction, and what it sets off, costs as much as
    some dozen steps do.

    `told` is called after each commit with the events that were written. When the store fails, `run` raises its
    `StoreUnavailable` and nobody who waits goes on: the process has to end, for it can keep no promise.
    """

    def __init__(
        self,
        store: Store,
        route: Route,
        clock: Clock,
        told: Callable[[Sequence[Event]], Awaitable[None]],
        gather_s: float = 0.0,
    ) -> None:
        self._store = store
        self._route = route
        self._clock = clock
        self._told = told
        self._gather_s = gather_s
        self._queue: list[_Waiting] = []
        self._wake = anyio.Event()

    async def submit(self, step: Step | HealthStep) -> bool:
        """Write a step; False where the watch was changed by somebody else, and nothing was written."""
        waiting = _Waiting(step)
        self._queue.append(waiting)
        self._wake.set()
        await waiting.done.wait()
        return waiting.written

    async def run(self) -> NoReturn:
        """Commit what is submitted, for ever."""
        while True:
            await self._wake.wait()
            if self._gather_s:
                await self._clock.sleep(self._gather_s)
            self._wake = anyio.Event()
            await self._write(self._next_group())
            if self._queue:
                self._wake.set()

    def _next_group(self) -> Sequence[_Waiting]:
        """Take the steps of the next transaction off the queue: in order, at most one of each watch and source."""
        group: dict[int | str, _Waiting] = {}
        left: list[_Waiting] = []
        for waiting in self._queue:
            step = waiting.step
            subject = step.watch.id if isinstance(step, Step) else step.health.name
            if subject in group or len(group) >= MAX_GROUP:
                left.append(waiting)
            else:
                group[subject] = waiting
        self._queue = left
        return list(group.values())

    async def _write(self, group: Sequence[_Waiting]) -> None:
        steps = [waiting.step for waiting in group if isinstance(waiting.step, Step)]
        health = [waiting.step for waiting in group if isinstance(waiting.step, HealthStep)]
        stale = await self._store.commit(steps, health, self._route, self._clock.now())
        events: list[Event] = []
        for waiting in group:
            step = waiting.step
            waiting.written = isinstance(step, HealthStep) or step.watch.id not in stale
            if waiting.written:
                events += step.events
            waiting.done.set()
        if events:
            await self._told(events)
