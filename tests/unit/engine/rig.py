"""An engine in memory, as these tests fill it and look into it."""

from dataclasses import replace

from jobwatchd.model.delivery import Delivery
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.query import EventQuery
from jobwatchd.model.transition import advance
from jobwatchd.model.watch import DEFAULT_POLICY, Policy, Watch, WatchSpec
from jobwatchd.testing.rig import EngineRig


class Rig(EngineRig):
    """The engine, and short ways to fill its store and to see what is in it."""

    async def add(self, source: str, *jobs: str, policy: Policy = DEFAULT_POLICY) -> list[Watch]:
        """Add watches to the store."""
        specs = [WatchSpec(JobReference.of(source, [job]), policy=policy) for job in jobs]
        return [watch for watch, _ in await self.store.add_watches(specs, self.clock.now())]

    async def commit_events(self, sink: str, *names: str) -> list[Delivery]:
        """Commit events named `job:number`, in order, for one sink; returns the deliveries that were made."""
        made: list[Delivery] = []
        for job, _, number in (name.partition(":") for name in names):
            (watch,) = await self.add("graph", job)
            watch = replace(watch, sequence=int(number) - 1)
            state = State.RUNNING if int(number) % 2 else State.STOPPING
            step = advance(replace(watch, state=None), Observation(state, "x"), self.clock.now())
            made += (await self.store.commit([step], [], lambda _event: [sink], self.clock.now())).deliveries
        return made

    async def stored(self, watch_id: int) -> Watch:
        """Return a watch as the store has it; it has to be there."""
        record = await self.store.get_watch(watch_id)
        assert record is not None
        return record.watch

    async def events(self) -> list[str]:
        """Return the types of all committed events, in order; what is inferred has a question mark."""
        stored = await self.store.list_events(EventQuery(limit=100_000))
        return [item.event.type + "?" * item.event.inferred for item in stored]
