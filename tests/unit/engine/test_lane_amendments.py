"""What a lane does about watches that get other labels or another policy while it polls."""

from collections.abc import Mapping

import pytest

from jobwatchd.model.cadence import Cadence
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.watch import DEFAULT_POLICY, NO_LABELS, Policy, Watch, WatchSpec
from jobwatchd.testing import ScriptedSource
from unit.engine.rig import Rig
from unit.engine.slow_source import SlowSource

JOB = JobReference.of("graph", ["0"])
RUNNING = Observation(State.RUNNING, "1")
DONE = Observation(State.SUCCEEDED, "2")
STEADY = Cadence(min_interval_s=60.0, max_interval_s=60.0, jitter=0.0)
BRISK = Cadence(fixed_interval_s=2.0, min_interval_s=2.0, max_interval_s=10.0, jitter=0.0)


async def amended(
    rig: Rig, watch: Watch, labels: Mapping[str, str] = NO_LABELS, policy: Policy = DEFAULT_POLICY
) -> Watch:
    """Give a watch in the store other labels or another policy."""
    [amended] = await rig.store.amend_watches([(watch, WatchSpec(JOB, labels, policy))])
    return amended


async def test_a_watch_that_was_amended_goes_on_with_its_new_version(rig: Rig) -> None:
    """A poll under way with the old version finds itself stale; what it saw is seen again, and told once."""
    source = SlowSource()
    source.script(JOB, RUNNING)
    lane = await rig.lane(source, cadence=BRISK)
    (watch,) = await rig.add("graph", "0")
    lane.add([watch])
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        lane.amend(await amended(rig, watch, labels={"team": "search"}))
        source.go_on.set()
        await rig.clock.advance(100)

    assert [(event.type, event.labels) for event in rig.told] == [("job.running", {"team": "search"})]
    assert [watch.labels for watch in lane.watches()] == [{"team": "search"}]
    assert rig.metric("jobwatchd_watches", source="graph", state="running") == 1


async def test_labels_do_not_change_when_a_watch_is_polled(rig: Rig) -> None:
    """Its next poll comes when it would have come, with the new labels."""
    source = ScriptedSource("graph")
    source.script(JOB, RUNNING)
    lane = await rig.lane(source, cadence=STEADY)
    (watch,) = await rig.add("graph", "0")
    lane.add([watch])
    async with rig.running(lane.run):
        await rig.clock.advance(50)
        (watch,) = lane.watches()
        lane.amend(await amended(rig, watch, labels={"team": "search"}))
        source.script(JOB, DONE)
        await rig.clock.advance(9)
        assert len(source.polls) == 1
        await rig.clock.advance(2)
        assert len(source.polls) == 2

    assert [event.labels for event in rig.told] == [{}, {"team": "search"}]


@pytest.mark.parametrize(
    ("policy", "polls"),
    [
        (Policy(min_interval_s=5.0, max_interval_s=5.0), 2),  # sooner: at half of its interval, as jitter has it
        (Policy(min_interval_s=500.0, max_interval_s=500.0), 1),  # later: the next one comes when it would have come
        (Policy(deadline_s=53.0, min_interval_s=60.0, max_interval_s=60.0), 2),  # it passes before the next poll
        (Policy(deadline_s=5_000.0, min_interval_s=60.0, max_interval_s=60.0), 1),
    ],
)
async def test_a_policy_brings_a_poll_forward_only_where_it_wants_it_sooner(
    rig: Rig, policy: Policy, polls: int
) -> None:
    """A watch that is amended is not polled for that alone."""
    source = ScriptedSource("graph")
    source.script(JOB, RUNNING)
    lane = await rig.lane(source, cadence=Cadence(min_interval_s=5.0, max_interval_s=500.0, jitter=0.0))
    (watch,) = await rig.add("graph", "0")
    watch = await amended(rig, watch, policy=Policy(min_interval_s=60.0, max_interval_s=60.0))
    lane.add([watch])
    async with rig.running(lane.run):
        await rig.clock.advance(50)
        (watch,) = lane.watches()
        lane.amend(await amended(rig, watch, policy=policy))
        await rig.clock.advance(4)
        assert len(source.polls) == polls
        await rig.clock.advance(60)

    assert len(source.polls) > polls
    assert len(lane) == 1


async def test_an_amendment_that_comes_late_does_not_undo_a_step(rig: Rig) -> None:
    """What a poll has written on top of it is here already."""
    source = ScriptedSource("graph")
    source.script(JOB, RUNNING)
    lane = await rig.lane(source, cadence=BRISK)
    (watch,) = await rig.add("graph", "0")
    late = await amended(rig, watch, labels={"team": "search"})
    lane.add([late])
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        (polled,) = lane.watches()
        lane.amend(late)
        assert list(lane.watches()) == [polled]
