"""What a lane does while its steps are being written, and about watches that change or go meanwhile."""

from collections.abc import Collection, Sequence
from datetime import datetime

import anyio
import pytest

from jobwatchd.engine.runtime import LanePolicy
from jobwatchd.engine.source_limiter import OPEN_AFTER
from jobwatchd.errors import SourceUnavailable
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.delivery import Committed
from jobwatchd.model.event import Event
from jobwatchd.model.health import HealthStep, SourceState
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.transition import Step, advance
from jobwatchd.ports import Route, Sighting
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import FakeClock, ScriptedSource
from unit.engine.rig import Rig

RUNNING = Observation(State.RUNNING, "1")
DONE = Observation(State.SUCCEEDED, "2")
AWAY = SourceUnavailable("connection refused")
BRISK = Cadence(fixed_interval_s=2.0, min_interval_s=2.0, max_interval_s=10.0, jitter=0.0)


class SlowCommits(MemoryStore):
    """A memory store whose commits wait until they are let through."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = anyio.Event()

    async def commit(
        self, steps: Sequence[Step], health: Sequence[HealthStep], route: Route, now: datetime
    ) -> Committed:
        """Wait, and write."""
        await self.go_on.wait()
        return await super().commit(steps, health, route, now)


@pytest.fixture
def source() -> ScriptedSource:
    """Return a source where jobs 0 to 9 run for ever."""
    source = ScriptedSource("graph")
    for job in "0123456789":
        source.script(JobReference.of("graph", [job]), RUNNING)
    return source


@pytest.fixture
def store(rig: Rig) -> SlowCommits:
    """Return the store that the rig now uses."""
    store = SlowCommits()
    rig.use(store)
    return store


async def test_polls_go_on_while_a_step_is_being_written(rig: Rig, source: ScriptedSource, store: SlowCommits) -> None:
    """A slow disk holds up the job that changed, which is polled when it is written, at once then, and no other."""
    lane = await rig.lane(source, LanePolicy(concurrency=1), BRISK)
    lane.add(await rig.add("graph", "0", "1", "2", "3"))
    async with rig.running(lane.run):
        await rig.clock.advance(60)
        assert sorted(ref.job for ref in source.polls) == ["0", "1", "2", "3"]
        store.go_on.set()
        await rig.clock.advance(4)
        assert len(source.polls) == 16


async def test_a_lane_that_stops_waits_until_all_is_written(
    rig: Rig, source: ScriptedSource, store: SlowCommits
) -> None:
    """Whoever takes its watches over from the store finds what its last polls have seen."""
    lane = await rig.lane(source, cadence=BRISK)
    (watch,) = await rig.add("graph", "0")
    lane.add([watch])
    stopped: list[bool] = []

    async def stop() -> None:
        await lane.stop()
        stopped.append(True)

    async with rig.running(lane.run) as tasks:
        await rig.clock.advance(1)
        tasks.start_soon(stop)
        await rig.clock.advance(1)
        assert stopped == []
        store.go_on.set()
        await rig.clock.advance(0)
        assert stopped == [True]
        assert await rig.events() == ["job.running"]


async def test_a_watch_that_is_removed_while_its_step_is_written_is_counted_out_once(
    rig: Rig, source: ScriptedSource, store: SlowCommits
) -> None:
    """What the step has led to comes too late for it; the others are counted and polled as before."""
    lane = await rig.lane(source, cadence=BRISK)
    watches = await rig.add("graph", "0", "1")
    lane.add(watches)
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        lane.remove(watches[0].id)
        store.go_on.set()
        await rig.clock.advance(20)

    assert rig.metric("jobwatchd_watches", source="graph", state="running") == 1
    assert [ref.job for ref in source.polls].count("0") == 1
    assert [ref.job for ref in source.polls].count("1") > 5


async def test_watches_come_and_go_in_a_lane_that_has_stopped(rig: Rig, source: ScriptedSource) -> None:
    """As while a reload replaces its source: it shows nothing any more, and its successor takes on what is there."""
    lane = await rig.lane(source, cadence=BRISK)
    watches = await rig.add("graph", "0", "1")
    lane.add(watches)
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        await lane.stop()
        for watch in watches:
            lane.remove(watch.id)
        assert list(lane.watches()) == []
        lane.add(watches)

    assert len(lane) == 2
    assert rig.metric("jobwatchd_watches", source="graph", state="unknown") is None


async def test_a_stale_watch_does_not_take_the_only_probe(rig: Rig, source: ScriptedSource, store: SlowCommits) -> None:
    """It is loaded again instead of polled; the probe of an open breaker goes to another job."""
    lane = await rig.lane(source, LanePolicy(concurrency=1), BRISK)
    stale, *others = await rig.add("graph", *"0123456")
    lane.add([stale])
    async with rig.running(lane.run):
        await rig.clock.advance(1)  # its first step waits to be written
        await MemoryStore.commit(store, [advance(stale, DONE, rig.clock.now())], [], lambda _: (), rig.clock.now())
        for job in "123456":
            source.script(JobReference.of("graph", [job]), *[AWAY] * OPEN_AFTER, RUNNING)
        lane.add(others)
        await rig.clock.advance(10)
        assert rig.metric("jobwatchd_source_up", source="graph") == 0
        store.go_on.set()
        await rig.clock.advance(600)

    assert rig.metric("jobwatchd_source_up", source="graph") == 1
    assert rig.metric("jobwatchd_watches", source="graph", state="running") == 6


async def test_a_lane_tells_how_its_source_fares(rig: Rig, source: ScriptedSource, store: SlowCommits) -> None:
    """Whether it answers, and how many watches are in which state, as the metrics have it."""
    store.go_on.set()
    lane = await rig.lane(source, LanePolicy(concurrency=1), BRISK)
    source.script(JobReference.of("graph", ["0"]), RUNNING, *[AWAY] * OPEN_AFTER)
    lane.add(await rig.add("graph", "0"))
    assert lane.state() == SourceState("graph", is_up=True, watches={"unknown": 1})
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        assert lane.state() == SourceState("graph", is_up=True, watches={"running": 1})
        await rig.clock.advance(300)
        assert not lane.state().is_up


async def test_stale_watches_are_loaded_again_though_their_list_shows_nothing_new(
    rig: Rig, source: ScriptedSource, store: SlowCommits
) -> None:
    """Five jobs seem to be where they were, but somebody else has written what they went through meanwhile."""
    store.go_on.set()
    refs = [JobReference.of("graph", [job]) for job in "01234"]
    running, stopping = (Observation(state, "x", group="nightly") for state in (State.RUNNING, State.STOPPING))
    for ref in refs:
        source.script(ref, running)
    lane = await rig.lane(source, cadence=BRISK)
    lane.add(await rig.add("graph", *"01234"))
    async with rig.running(lane.run):
        await rig.clock.advance(5)
        store.go_on = anyio.Event()
        for ref in refs:
            source.script(ref, stopping)
        await rig.clock.advance(3)  # their steps wait to be written
        now = rig.clock.now()
        await MemoryStore.commit(store, [advance(watch, stopping, now) for watch in lane.watches()], [], _nobody, now)
        for ref in refs:
            source.script(ref, running)
        store.go_on.set()
        await rig.clock.advance(10)

    stored = [await rig.stored(watch.id) for watch in lane.watches()]
    assert list(lane.watches()) == stored
    assert {watch.state for watch in lane.watches()} == {State.RUNNING}


def _nobody(_event: Event) -> Collection[str]:
    return ()


class TardySource(ScriptedSource):
    """A scripted source that takes a second to answer."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__("graph")
        self._clock = clock

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        """Answer, in a second."""
        await self._clock.sleep(1.0)
        return await super().observe(ref, digest)


async def test_after_an_outage_all_are_polled_at_once(rig: Rig) -> None:
    """The first answer sets the others free, which fell due meanwhile; none waits for another, or for a nap."""
    source = TardySource(rig.clock)
    refs = [JobReference.of("graph", [job]) for job in "0123456789"]
    for ref in refs:
        source.script(ref, AWAY)
    lane = await rig.lane(source, cadence=Cadence(fixed_interval_s=100.0, jitter=0.0))
    lane.add(await rig.add("graph", *"0123456789"))
    async with rig.running(lane.run):
        await rig.clock.advance(300)
        for ref in refs:
            source.script(ref, RUNNING)
        source.polls.clear()
        while not source.polls:
            await rig.clock.advance(0.1)
        await rig.clock.advance(1.2)
        assert len(set(source.polls)) == 10
