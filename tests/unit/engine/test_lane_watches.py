"""What a lane does about watches that change or go while it polls."""

import pytest

from jobwatchd.engine.runtime import LanePolicy
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.transition import advance
from jobwatchd.testing import ScriptedSource
from unit.engine.rig import Rig
from unit.engine.slow_source import SlowSource

JOB = JobReference.of("graph", ["0"])
RUNNING = Observation(State.RUNNING, "1")
DONE = Observation(State.SUCCEEDED, "2")
BRISK = Cadence(fixed_interval_s=2.0, min_interval_s=2.0, max_interval_s=10.0, jitter=0.0)


@pytest.fixture
def source() -> ScriptedSource:
    """Return a source where job 0 runs for ever."""
    source = ScriptedSource("graph")
    source.script(JOB, RUNNING)
    return source


async def test_a_watch_removed_during_its_poll_is_polled_no_more(rig: Rig) -> None:
    """The poll under way comes to its end, and nothing is scheduled after it."""
    source = SlowSource()
    source.script(JOB, RUNNING)
    lane = await rig.lane(source, cadence=BRISK)
    (watch,) = await rig.add("graph", "0")
    lane.add([watch])
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        lane.remove(watch.id)
        await rig.store.remove_watches([watch.id])
        source.go_on.set()
        await rig.clock.advance(100)

    assert (len(source.polls), len(lane), await rig.events()) == (1, 0, [])


async def test_a_watch_gone_from_the_store_is_let_go(rig: Rig, source: ScriptedSource) -> None:
    """Another process removed it: the first step that cannot be written ends it here too."""
    lane = await rig.lane(source, cadence=BRISK)
    (watch,) = await rig.add("graph", "0")
    lane.add([watch])
    async with rig.running(lane.run):
        await rig.store.remove_watches([watch.id])
        await rig.clock.advance(100)

    assert (len(source.polls), len(lane), await rig.events()) == (1, 0, [])


async def test_a_stale_watch_is_loaded_again_and_nothing_told_twice(rig: Rig, source: ScriptedSource) -> None:
    """Another process was quicker with one step; the next one builds on it, read from the same answer."""
    lane = await rig.lane(source, cadence=BRISK)
    (watch,) = await rig.add("graph", "0")
    lane.add([watch])
    elsewhere = advance(watch, Observation(State.QUEUED, "0"), rig.clock.now())
    await rig.store.commit([elsewhere], [], lambda _event: (), rig.clock.now())
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        assert await rig.events() == ["job.queued"]
        await rig.clock.advance(2)
        source.script(JOB, DONE)
        await rig.clock.advance(3)

    assert await rig.events() == ["job.queued", "job.running", "job.succeeded"]


async def test_a_lane_that_stops_lets_polls_under_way_come_to_their_end(rig: Rig) -> None:
    """What they saw is written before stop returns."""
    source = SlowSource()
    source.script(JOB, RUNNING)
    lane = await rig.lane(source, cadence=BRISK)
    lane.add(await rig.add("graph", "0"))
    async with rig.running(lane.run) as tasks:
        await rig.clock.advance(1)
        tasks.start_soon(lane.stop)
        await rig.clock.advance(1)
        source.go_on.set()
        await rig.clock.advance(100)

    assert (await rig.events(), len(source.polls)) == (["job.running"], 1)


async def test_watches_are_shown_by_state_and_empty_states_disappear(rig: Rig) -> None:
    """At once, not at the next round of anything; a stopped lane shows nothing."""
    source = ScriptedSource("graph")
    refs = [JobReference.of("graph", [job]) for job in "12"]
    source.script(refs[0], Observation(State.QUEUED, "0"), Observation(State.RUNNING, "1"))
    source.script(refs[1], Observation(State.RUNNING, "1"))
    shown = []
    lane = await rig.lane(source)

    def look() -> None:
        states = ("unknown", "queued", "running")
        shown.append([rig.metric("jobwatchd_watches", source="graph", state=state) for state in states])

    lane.add(await rig.add("graph", "1", "2"))
    look()
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        look()
        await rig.clock.advance(3)
        look()
        lane.remove(1)
        look()
        await lane.stop()
        look()
    assert shown == [[2, None, None], [None, 1, 1], [None, None, 2], [None, None, 1], [None, None, None]]


async def test_a_rate_that_is_raised_helps_those_that_wait_since_the_start(rig: Rig) -> None:
    """A spread over hours, as two polls an hour would have it, would outlast the rate."""
    source = ScriptedSource("graph")
    jobs = "12345"
    for job in jobs:
        source.script(JobReference.of("graph", [job]), Observation(State.RUNNING, "1"))
    lane = await rig.lane(source, LanePolicy(rate=2 / 3600))
    lane.add(await rig.add("graph", *jobs), spread=True)
    async with rig.running(lane.run):
        await rig.clock.advance(60)
        lane.configure(LanePolicy(rate=500.0, cadence=Cadence(jitter=0.0)))
        await rig.clock.advance(1)

    assert {ref.job for ref in source.polls} == set(jobs)


async def test_a_poll_that_sees_nothing_new_writes_nothing(rig: Rig, source: ScriptedSource) -> None:
    """The version in the store does not move while the job does not."""
    lane = await rig.lane(source, cadence=BRISK)
    (watch,) = await rig.add("graph", "0")
    lane.add([watch])
    async with rig.running(lane.run):
        await rig.clock.advance(3600)

    assert (await rig.stored(watch.id)).version == 1


async def test_lateness_and_states_can_be_seen(rig: Rig, source: ScriptedSource) -> None:
    """What a person looks at: the states of the watches, and how late polls are."""
    lane = await rig.lane(source, cadence=BRISK)
    watches = await rig.add("graph", "0", "1")
    lane.add(watches[:1])
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        lane.add(watches[1:])

        assert rig.metric("jobwatchd_watches", source="graph", state="running") == 1
        assert rig.metric("jobwatchd_watches", source="graph", state="unknown") == 1
        assert [watch.ref.job for watch in lane.watches()] == ["0", "1"]
        assert rig.metric("jobwatchd_poll_lateness_seconds_count", source="graph") == 1
