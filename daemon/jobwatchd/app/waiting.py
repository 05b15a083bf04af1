"""Waiting for jobs without a daemon: the same lane, a store in memory, and nobody told but the caller."""

from collections.abc import Callable, Collection, Mapping, Sequence

import anyio
from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.commits import Commits
from jobwatchd.engine.lane import Lane, LaneLimits
from jobwatchd.engine.vitals import Vitals
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.delivery import Delivery
from jobwatchd.model.event import JOB_ENTERED, Event, EventType
from jobwatchd.model.job import TERMINAL, JobReference, Observation
from jobwatchd.model.watch import WatchSpec
from jobwatchd.ports import Clock, Listing, Sighting, Source, Store
from jobwatchd.rotation import Rotation
from jobwatchd.telemetry import Telemetry

ENDS = frozenset({*(JOB_ENTERED[state] for state in TERMINAL), EventType.JOB_LOST})


class Waiting:
    """Polls some jobs of one source until each has ended.

    `told` is called with each event, `seen` with each observation, whether it is news or not.
    """

    def __init__(
        self,
        source: Source,
        limits: LaneLimits,
        cadence: Cadence,
        *,
        store: Store,
        clock: Clock,
        chance: Callable[[], float],
        rotation: Rotation,
        logger: FilteringBoundLogger,
        told: Callable[[Event], None],
        seen: Callable[[JobReference, Observation], None],
    ) -> None:
        self._source = _Overheard(source, seen)
        self._limits = limits
        self._cadence = cadence
        self._store = store
        self._clock = clock
        self._chance = chance
        self._rotation = rotation
        self._logger = logger
        self._told = told
        self._ends: dict[JobReference, EventType] = {}
        self._waited_for: frozenset[JobReference] = frozenset()
        self._over = anyio.Event()

    async def run(self, refs: Sequence[JobReference], timeout_s: float | None) -> Mapping[JobReference, EventType]:
        """Return how each job ended, as the type of its last event; those that did not within `timeout_s` are absent.

        None waits for ever. Raises only what the store raises; trouble with the source is logged, and tried again.
        """
        self._waited_for = frozenset(refs)
        telemetry = Telemetry(CollectorRegistry())
        vitals = Vitals(self._clock, telemetry)
        commits = Commits(self._store, lambda _: (), self._take, clock=self._clock, vitals=vitals)
        now = self._clock.now()
        await self._store.open()
        added = await self._store.add_watches([WatchSpec(ref) for ref in refs], now)
        lane = Lane(
            self._source,
            self._limits,
            self._cadence,
            await self._store.load_source(self._source.name, now),
            store=self._store,
            commits=commits,
            vitals=vitals,
            clock=self._clock,
            chance=self._chance,
            telemetry=telemetry,
            logger=self._logger,
        )
        lane.add([watch for watch, _ in added])
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(commits.run)
            tasks.start_soon(lane.run)
            tasks.start_soon(self._rotation.run)
            if timeout_s is None:
                await self._over.wait()
            else:
                await self._clock.wait(self._over, timeout_s)
            tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await self._source.close()
            await self._store.close()
        return self._ends

    async def _take(self, events: Sequence[Event], _: Sequence[Delivery]) -> None:
        for event in events:
            self._told(event)
            if event.ref is not None and event.type in ENDS:
                self._ends[event.ref] = event.type
        if self._waited_for <= self._ends.keys():
            self._over.set()


class _Overheard:
    """A source whose observations somebody else sees too; implements `ports.Source`."""

    def __init__(self, source: Source, seen: Callable[[JobReference, Observation], None]) -> None:
        self.name = source.name
        self._source = source
        self._seen = seen

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        sighting = await self._source.observe(ref, digest)
        if sighting.observation is not None:
            self._seen(ref, sighting.observation)
        return sighting

    async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:
        return await self._source.observe_many(group, refs)

    async def close(self) -> None:
        await self._source.close()
