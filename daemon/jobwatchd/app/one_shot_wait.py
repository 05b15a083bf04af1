"""Waiting for jobs without a daemon: the same engine, a store in memory, and nobody told but an onlooker."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import anyio

from jobwatchd.app.patience import Patience
from jobwatchd.engine.engine import Engine
from jobwatchd.engine.guard import guarded
from jobwatchd.engine.runtime import LanePolicy, SinkBinding
from jobwatchd.errors import JobNotFound, SourceError, SourceRejected, SourceUnauthorized
from jobwatchd.model.event import JOB_ENTERED, Event, EventFilter, EventType
from jobwatchd.model.job import TERMINAL, JobReference, Observation
from jobwatchd.model.watch import Watch, WatchSpec
from jobwatchd.ports import Listing, Sighting, Source
from jobwatchd.rotation import Rotation

LOOK_EVERY_S = 0.25


class Outcome(StrEnum):
    """How waiting for a job came to its end."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    NOT_FOUND = "not_found"
    """It was never there, for as long as it may take to appear."""
    UNAUTHORIZED = "unauthorized"
    """Credentials were refused, twice in a row."""


ENDS: Mapping[EventType, Outcome] = {
    **{JOB_ENTERED[state]: Outcome(state.value) for state in TERMINAL},
    EventType.JOB_LOST: Outcome.LOST,
}


class Onlooker(Protocol):
    """Is told what happens while somebody waits."""

    def told(self, event: Event) -> None:
        """Take an event, as a sink would."""

    def seen(self, ref: JobReference, observation: Observation | None) -> None:
        """Take what a poll saw of a job, news or not; None where it is as it was."""

    def failed(self, ref: JobReference, error: SourceError) -> None:
        """Take why a poll of a job brought no observation."""


class OneShotWait:
    """Polls some jobs of one source until each has ended, or waiting for it has become pointless."""

    def __init__(
        self,
        engine: Engine,
        source: Source,
        policy: LanePolicy,
        *,
        rotation: Rotation,
        onlooker: Onlooker,
        patience: Patience,
    ) -> None:
        self._engine = engine
        self._source = _TappedSource(source, self)
        self._policy = policy
        self._clock = engine.runtime.clock
        self._rotation = rotation
        self._onlooker = onlooker
        self._patience = patience
        self._ends: dict[JobReference, Outcome] = {}
        self._watches: dict[JobReference, Watch] = {}
        self._over = anyio.Event()

    async def run(self, refs: Sequence[JobReference], timeout_s: float | None) -> Mapping[JobReference, Outcome]:
        """Return how each job ended; those that did not within `timeout_s` are absent, None waits for ever.

        Raises only what the store raises; trouble with the source is told to the onlooker, and tried again.
        """
        engine = self._engine
        await engine.store.open()
        self._lane = await engine.lane(self._source, self._policy)
        added = await engine.store.add_watches([WatchSpec(ref) for ref in refs], self._clock.now())
        self._watches = {watch.ref: watch for watch, _ in added}
        self._lane.add(list(self._watches.values()))
        async with anyio.create_task_group() as tasks:
            await engine.dispatcher.open([SinkBinding(_EventTap(self), EventFilter())], tasks)
            engine.start(tasks)
            tasks.start_soon(self._lane.run)
            tasks.start_soon(self._rotation.run)
            tasks.start_soon(self._search)
            if timeout_s is None:
                await self._over.wait()
            else:
                await self._clock.wait(self._over, timeout_s)
            tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await self._source.close()
            await engine.store.close()
        return self._ends

    @property
    def refusals(self) -> int:
        """How many requests were refused since one was let in."""
        return self._patience.refusals

    def found(self, ref: JobReference, observation: Observation | None) -> None:
        """Note what was seen of a job."""
        self._patience.found(ref)
        self._onlooker.seen(ref, None if observation is None else guarded(observation))

    def failed(self, ref: JobReference, error: SourceError, refusals_before: int) -> SourceError:
        """Note that a poll brought no observation, and return what the lane is to hear of it."""
        self._onlooker.failed(ref, error)
        if isinstance(error, SourceUnauthorized):
            too_often = self._patience.refused(ref)
            shut_out = self._patience.is_shut_out(refusals_before)
            self._give_up([*self._watches] if shut_out else [ref] if too_often else [], Outcome.UNAUTHORIZED)
        elif isinstance(error, JobNotFound):
            in_vain = self._patience.missed(ref, self._clock.monotonic())
            self._give_up([ref] if in_vain else [], Outcome.NOT_FOUND)
            if not self._patience.was_seen(ref):
                # To the lane it would be lost; how long it is looked for is for `Patience` to say.
                return SourceRejected(str(error))
        return error

    def told(self, event: Event) -> None:
        """Note an event that was committed."""
        self._onlooker.told(event)
        if event.ref is not None and event.type in ENDS:
            self._end(event.ref, ENDS[event.type])

    def _give_up(self, refs: Iterable[JobReference], outcome: Outcome) -> None:
        for ref in refs:
            self._lane.remove(self._watches[ref].id)
            if ref not in self._ends:
                self._end(ref, outcome)

    async def _search(self) -> None:
        """Look once more for each job that is not there, when its time is up."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            self._lane.add([self._watches[ref] for ref in self._patience.due(self._clock.monotonic())])

    def _end(self, ref: JobReference, outcome: Outcome) -> None:
        self._ends[ref] = outcome
        if self._watches.keys() <= self._ends.keys():
            self._over.set()


class _EventTap:
    """Hands every event that is committed to somebody who waits; implements `ports.Sink`."""

    name = "wait"
    durable = False

    def __init__(self, wait: OneShotWait) -> None:
        self._wait = wait

    async def send(self, event: Event) -> None:
        self._wait.told(event)

    async def close(self) -> None:
        pass


class _TappedSource:
    """A source that tells somebody who waits of its answers and failures first; implements `ports.Source`."""

    def __init__(self, source: Source, wait: OneShotWait) -> None:
        self.name = source.name
        self._source = source
        self._wait = wait

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        refusals = self._wait.refusals
        try:
            sighting = await self._source.observe(ref, digest)
        except SourceError as error:
            heard = self._wait.failed(ref, error, refusals)
            if heard is error:
                raise
            raise heard from error
        self._wait.found(ref, sighting.observation)
        return sighting

    async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:
        refusals = self._wait.refusals
        try:
            listing = await self._source.observe_many(group, refs)
        except SourceError as error:
            for ref in refs:
                self._wait.failed(ref, error, refusals)
            raise
        for ref, observation in listing.found.items():
            self._wait.found(ref, observation)
        return listing

    async def close(self) -> None:
        await self._source.close()
