"""Group commit: steps that come within one transaction's time go into the next transaction together."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from jobwatchd.engine.batcher import MAX_GROUP, Batcher
from jobwatchd.engine.guard import guarded_event
from jobwatchd.engine.runtime import Runtime
from jobwatchd.model.delivery import Delivery
from jobwatchd.model.event import Event
from jobwatchd.model.health import HealthStep
from jobwatchd.model.transition import Step
from jobwatchd.ports import Route, Store

# How many steps wait in memory while the store cannot take them; lanes that bring more are held back.
MAX_PENDING = 5_000

OnCommitted = Callable[[Sequence[Event], Sequence[Delivery]], Awaitable[None]]
"""Takes notice of events that were committed, and of the deliveries that were made of them."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A step, and who is to hear whether it was written."""

    step: Step | HealthStep
    written: Callable[[bool], None] | None


class Commits:
    """Writes steps; whoever submits one hears when it is on disk, or known to be stale, and goes on only then.

    `on_committed` is called after each commit. When the store cannot be used any more, `run` raises what it says and
    nobody hears anything: the process has to end, for it can keep no promise.
    """

    def __init__(
        self, runtime: Runtime, store: Store, route: Route, on_committed: OnCommitted, delay_s: float = 0.0
    ) -> None:
        self._store = store
        self._route = route
        self._clock = runtime.clock
        self._on_committed = on_committed
        self._batcher: Batcher[_Waiting] = Batcher(runtime, "commits", self._write, delay_s)

    def submit(self, step: Step | HealthStep, written: Callable[[bool], None] | None = None) -> None:
        """Have a step written; `written` hears True, or False where somebody else had changed the watch."""
        events = tuple(map(guarded_event, step.events))
        self._batcher.submit(_Waiting(step if events == step.events else replace(step, events=events), written))

    @property
    def is_full(self) -> bool:
        """Whether so many steps wait that those who bring them had better bring no more; what they submit is taken."""
        return self._batcher.pending >= MAX_PENDING

    async def run(self) -> NoReturn:
        """Commit what is submitted, for ever."""
        await self._batcher.run()

    async def flush(self) -> None:
        """Return when all that was submitted so far is written and told."""
        await self._batcher.flush()

    async def _write(self, queue: list[_Waiting]) -> list[_Waiting]:
        group, left = _split(queue)
        steps = [waiting.step for waiting in group if isinstance(waiting.step, Step)]
        health = [waiting.step for waiting in group if isinstance(waiting.step, HealthStep)]
        committed = await self._store.commit(steps, health, self._route, self._clock.now())
        events: list[Event] = []
        for waiting in group:
            step = waiting.step
            is_written = isinstance(step, HealthStep) or step.watch.id not in committed.stale
            if is_written:
                events += step.events
            if waiting.written is not None:
                waiting.written(is_written)
        if events:
            await self._on_committed(events, committed.deliveries)
        return left


def _split(queue: list[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """Return the steps of the next transaction, in order, at most one of each watch and source; and the others."""
    group: dict[int | str, _Waiting] = {}
    left: list[_Waiting] = []
    for waiting in queue:
        step = waiting.step
        subject = step.watch.id if isinstance(step, Step) else step.health.name
        if subject in group or len(group) >= MAX_GROUP:
            left.append(waiting)
        else:
            group[subject] = waiting
    return list(group.values()), left
