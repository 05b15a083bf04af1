"""Group commit: steps that come within one transaction's time go into the next transaction together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, Protocol

from jobwatchd.engine.batcher import MAX_GROUP, Batcher
from jobwatchd.engine.guard import guarded_event
from jobwatchd.engine.runtime import Runtime
from jobwatchd.model.delivery import Delivery
from jobwatchd.model.event import Event
from jobwatchd.model.health import HealthStep
from jobwatchd.model.transition import Step
from jobwatchd.ports import Store

# How many steps wait in memory while the store cannot take them; lanes that bring more are held back.
MAX_PENDING = 5_000


class Submitter(Protocol):
    """Who is told what became of a step; nobody can wait for that, for a transaction lies between."""

    def on_committed(self, *, is_written: bool) -> None:
        """Note that a step is on disk, or, with False, that it is stale: somebody else had changed the watch."""


class CommitListener(Protocol):
    """Who says where events go, and is told of those that are on disk, as the dispatcher."""

    def route(self, event: Event) -> Collection[str]:
        """Return the names of the durable sinks that an event goes to; asked just before its transaction."""

    async def on_committed(self, events: Sequence[Event], deliveries: Sequence[Delivery]) -> None:
        """Take notice of events that are on disk, in order, and of the deliveries that were made of them.

        Called after each transaction, before the next one begins; raises nothing.
        """


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A step, and who is told what became of it."""

    step: Step | HealthStep
    submitter: Submitter | None


class Commits:
    """Writes steps; whoever submits one hears when it is on disk, or known to be stale, and goes on only then.

    `listener` is told after each commit. When the store cannot be used any more, `run` raises what it says and
    nobody hears anything: the process has to end, for it can keep no promise.
    """

    def __init__(self, runtime: Runtime, store: Store, listener: CommitListener, delay_s: float = 0.0) -> None:
        self._store = store
        self._clock = runtime.clock
        self._observer = runtime.observer
        self._listener = listener
        self._batcher: Batcher[_Waiting] = Batcher(runtime, "commits", self, delay_s)

    def submit(self, step: Step | HealthStep, submitter: Submitter | None = None) -> None:
        """Have a step written; the submitter is told what became of it."""
        events = tuple(map(guarded_event, step.events))
        self._batcher.submit(_Waiting(step if events == step.events else replace(step, events=events), submitter))

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

    async def write(self, queue: list[_Waiting]) -> list[_Waiting]:
        """Write a part of what waits, and return the rest; raises what the store raises."""
        group, left = _split(queue)
        steps = [waiting.step for waiting in group if isinstance(waiting.step, Step)]
        health = [waiting.step for waiting in group if isinstance(waiting.step, HealthStep)]
        began_s = self._clock.monotonic()
        committed = await self._store.commit(steps, health, self._listener.route, self._clock.now())
        events: list[Event] = []
        for waiting in group:
            step = waiting.step
            is_written = isinstance(step, HealthStep) or step.watch.id not in committed.stale
            if is_written:
                events += step.events
            if waiting.submitter is not None:
                waiting.submitter.on_committed(is_written=is_written)
        if events:
            self._observer.committed(events, self._clock.monotonic() - began_s)
            await self._listener.on_committed(events, committed.deliveries)
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
