"""Group commit: what comes within a moment goes into one transaction, which costs as much as some dozen rows do."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Generic, NoReturn, Protocol, TypeVar

import anyio

from jobwatchd.engine.guard import guarded_event
from jobwatchd.engine.heartbeats import LONGEST_NAP_S
from jobwatchd.engine.runtime import Runtime
from jobwatchd.model.delivery import Attempt, Delivery
from jobwatchd.model.event import Event
from jobwatchd.model.health import HealthStep
from jobwatchd.model.transition import Step
from jobwatchd.ports import Store

T = TypeVar("T")

MAX_GROUP = 500
# How long a transaction may take before its loop counts as hanging.
SILENCE_S = 60.0


class Batcher(ABC, Generic[T]):
    """Writes what was added, some at a time.

    The first of a group waits `delay_s` seconds for others. `pending` is how many are not written yet. When the store
    cannot be used any more, `run` raises what it says: the process has to end, for it can keep no promise.
    """

    def __init__(self, runtime: Runtime, name: str, delay_s: float) -> None:
        self._name = name
        self._delay_s = delay_s
        self._clock = runtime.clock
        self._heartbeats = runtime.heartbeats
        self.pending = 0
        self._queue: list[T] = []
        self._wake = anyio.Event()
        self._lock = anyio.Lock()

    @abstractmethod
    async def write(self, batch: list[T]) -> list[T]:
        """Write a part of a batch in one transaction, and return the rest; raises what the store raises."""

    def add(self, item: T) -> None:
        """Have something written soon."""
        self._queue.append(item)
        self.pending += 1
        self._wake.set()

    async def run(self) -> NoReturn:
        """Write what is added, for ever; raises what the store raises."""
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
        """Return when all that was added so far is written, and told."""
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
        left = await self.write(queue)
        self.pending -= len(queue) - len(left)
        return left

    def _take(self) -> list[T]:
        queue, self._queue = self._queue, []
        return queue


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


class Commits(Batcher[_Waiting]):
    """Writes steps; whoever submits one hears when it is on disk, or known to be stale, and goes on only then.

    `listener` is told after each commit. When the store cannot be used any more, nobody hears anything.
    """

    def __init__(self, runtime: Runtime, store: Store, listener: CommitListener, delay_s: float = 0.0) -> None:
        super().__init__(runtime, "commits", delay_s)
        self._store = store
        self._observer = runtime.observer
        self._listener = listener

    def submit(self, step: Step | HealthStep, submitter: Submitter | None = None) -> None:
        """Have a step written; the submitter is told what became of it."""
        events = tuple(map(guarded_event, step.events))
        self.add(_Waiting(step if events == step.events else replace(step, events=events), submitter))

    @property
    def is_full(self) -> bool:
        """Whether so many steps wait that those who bring them had better bring no more; what they submit is taken."""
        return self.pending >= MAX_PENDING

    async def write(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Write a part of what waits, and return the rest; raises what the store raises."""
        group, left = _split(batch)
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


_Key = tuple[str, int]


class AttemptListener(Protocol):
    """Who is told once an attempt is on disk; nobody can wait for that, for a transaction lies between."""

    def on_committed(self, attempt: Attempt) -> None:
        """Note that an attempt is on disk."""


class AttemptRecorder(Batcher[_Key]):
    """Writes attempts soon after they happened; nobody waits for it.

    Of a delivery that was tried several times before it could be written only the last attempt is: as much waits as
    deliveries are held, however long the store takes. Losing the last few in a crash means that their events are sent
    again, under the same ids: at least once.
    """

    def __init__(self, runtime: Runtime, store: Store, delay_s: float = 0.0) -> None:
        super().__init__(runtime, "records", delay_s)
        self._store = store
        self._latest: dict[_Key, tuple[Attempt, AttemptListener | None]] = {}

    def submit(self, attempt: Attempt, listener: AttemptListener | None = None) -> None:
        """Have an attempt written; `listener` is told once it is, unless another of the same delivery comes first."""
        key = (attempt.sink, attempt.position)
        is_new = key not in self._latest
        self._latest[key] = (attempt, listener)
        if is_new:
            self.add(key)

    async def write(self, batch: list[_Key]) -> list[_Key]:
        """Write a part of what waits, and return the rest; raises what the store raises."""
        group = {key: self._latest[key] for key in batch[:MAX_GROUP]}
        await self._store.record_attempts([attempt for attempt, _ in group.values()])
        left = batch[MAX_GROUP:]
        for key, item in group.items():
            if self._latest[key] is not item:
                left.append(key)  # tried again since
                continue
            del self._latest[key]
            attempt, listener = item
            if listener is not None:
                listener.on_committed(attempt)
        return left
