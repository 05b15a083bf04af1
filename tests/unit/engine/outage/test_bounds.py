"""What goes on while the store cannot be used, what waits, and how much of it."""

from typing import Any

import pytest

from jobwatchd.engine import commits
from jobwatchd.engine.retrying_store import RetryingStore
from jobwatchd.engine.runtime import LanePolicy, SinkBinding
from jobwatchd.errors import SinkUnavailable, SourceUnavailable, StoreBusy, StoreFull
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.delivery import Retry
from jobwatchd.model.event import EventFilter
from jobwatchd.model.job import Observation, State
from jobwatchd.model.transition import advance
from jobwatchd.testing import RecordingSink, ScriptedSource
from unit.engine.outage.failing_store import FailingStore
from unit.engine.rig import Rig

RUNNING = Observation(State.RUNNING, "1")
DONE = Observation(State.SUCCEEDED, "2")


async def test_loops_that_wait_for_the_store_do_not_hang(rig: Rig, failing: FailingStore, store: RetryingStore) -> None:
    """For an hour nothing is written, which is no reason to restart; when it is over, each has its full time again."""
    (watch,) = await rig.add("graph", "1")
    failing.trouble = StoreBusy("locked")
    rig.commits.submit(advance(watch, RUNNING, rig.clock.now()))
    async with rig.running():
        await rig.clock.advance(3600)
        assert rig.heartbeats.problems() == []
        failing.trouble = None
        await rig.clock.advance(1)
        assert rig.heartbeats.problems() == []
        assert await rig.events() == ["job.running"]


async def test_changes_that_were_seen_meanwhile_are_told_when_it_is_over(
    rig: Rig, failing: FailingStore, store: RetryingStore
) -> None:
    """A job that ends during the outage is told within a second of its end; it was not asked about again meanwhile."""
    source = ScriptedSource("graph")
    quiet, busy = await rig.add("graph", "quiet", "busy")
    source.script(quiet.ref, RUNNING)
    source.script(busy.ref, RUNNING, DONE)
    lane = await rig.lane(source)
    sink = RecordingSink("hook")
    async with rig.running(lane.run) as tasks:
        await rig.dispatcher.open([SinkBinding(sink, EventFilter())], tasks)
        lane.add([quiet, busy])
        await rig.clock.advance(1)
        failing.trouble = StoreFull("full")
        await rig.clock.advance(600)
        polls = [ref.key for ref in source.polls]
        assert polls.count("graph/busy") == 2
        assert polls.count("graph/quiet") > 10
        assert len(sink.events) == 2
        failing.trouble = None
        await rig.clock.advance(1)
        assert [event.type for event in sink.events] == ["job.running", "job.running", "job.succeeded"]
        # As old as its commit, so that a receiver is tried for as long as it should be.
        (delivered,) = [kept for kept in failing._deliveries._kept.values() if kept.delivery.event.state is DONE.state]
        assert (rig.clock.now() - delivered.delivery.created_at).total_seconds() <= 1


async def test_a_job_that_ended_meanwhile_is_looked_at_at_once(
    rig: Rig, failing: FailingStore, store: RetryingStore
) -> None:
    """It was not asked about while its last step waited, and is not asked about by its grown age either."""
    source = ScriptedSource("graph")
    (watch,) = await rig.add("graph", "1")
    source.script(watch.ref, RUNNING, DONE)
    lane = await rig.lane(source)
    failing.trouble = StoreFull("full")
    async with rig.running(lane.run):
        lane.add([watch])
        await rig.clock.advance(7200)
        assert len(source.polls) == 1
        failing.trouble = None
        await rig.clock.advance(2)
        assert await rig.events() == ["job.running", "job.succeeded"]


async def test_no_more_steps_wait_than_there_is_room_for(
    rig: Rig, failing: FailingStore, store: RetryingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lane whose polls bring changes stands still at the bound; one whose polls bring none goes on."""
    monkeypatch.setattr(commits, "MAX_PENDING", 20)
    source, other = ScriptedSource("graph"), ScriptedSource("media")
    watches = await rig.add("graph", *map(str, range(200)))
    (calm,) = await rig.add("media", "calm")
    for watch in watches:
        source.script(watch.ref, RUNNING)
    other.script(calm.ref, RUNNING)
    lanes = [await rig.lane(each, LanePolicy(concurrency=4), Cadence(fixed_interval_s=2.0)) for each in (source, other)]
    async with rig.running(*(lane.run for lane in lanes)):
        lanes[1].add([calm])
        await rig.clock.advance(1)
        failing.trouble = StoreFull("full")
        lanes[0].add(watches)
        await rig.clock.advance(600)
        assert 20 <= len(source.polls) < 20 + 4
        assert len(other.polls) > 200
        assert rig.heartbeats.problems() == []
        failing.trouble = None
        await rig.clock.advance(1)
        assert set(source.polls) == {watch.ref for watch in watches}
        assert len(await rig.events()) == 201


async def test_a_source_that_comes_and_goes_leaves_one_step(
    rig: Rig, failing: FailingStore, store: RetryingStore
) -> None:
    """However often its health changes during an outage; what holds at the end is told."""
    source = ScriptedSource("graph")
    (watch,) = await rig.add("graph", "1")
    flaps: list[Any] = [RUNNING]
    for _ in range(8):
        flaps += [*[SourceUnavailable("refused")] * 12, RUNNING]
    source.script(watch.ref, *flaps)
    lane = await rig.lane(source, LanePolicy(unreachable_after_s=5.0), Cadence(fixed_interval_s=2.0))
    async with rig.running(lane.run):
        lane.add([watch])
        await rig.clock.advance(1)
        failing.trouble = StoreFull("full")
        await rig.clock.advance(2400)
        assert len(source.polls) >= len(flaps)
        assert rig.commits.pending == 1
        failing.trouble = None
        await rig.clock.advance(10)
    assert await rig.events() == ["job.running", "source.unreachable", "source.recovered"]


async def test_what_is_delivered_meanwhile_is_recorded_once(
    rig: Rig, failing: FailingStore, store: RetryingStore
) -> None:
    """Webhooks of what is committed go on; nothing is sent twice, and it is written when that is possible."""
    sink = RecordingSink("hook")
    await rig.commit_events("hook", "1:1", "1:2", "2:1")
    failing.trouble = StoreBusy("locked")
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(sink, EventFilter())], tasks)
        await rig.clock.advance(600)
        assert len(sink.events) == 3
        assert len(await failing.pending_deliveries("hook", 0, 10)) == 3
        failing.trouble = None
        await rig.clock.advance(1)
        assert await failing.pending_deliveries("hook", 0, 10) == []
        await rig.clock.advance(600)
        assert len(sink.events) == 3


async def test_failed_attempts_do_not_pile_up(rig: Rig, failing: FailingStore, store: RetryingStore) -> None:
    """A receiver that is down meanwhile is tried again and again; only the last attempt of each event waits."""
    sink = RecordingSink("hook", failures=[SinkUnavailable("refused")] * 1_000)
    await rig.commit_events("hook", "1:1", "2:1")
    failing.trouble = StoreFull("full")
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(sink, EventFilter(), Retry())], tasks)
        await rig.clock.advance(3600)
        assert len(sink.failures) < 980
        assert rig.recorder.pending <= 2
        failing.trouble = None
        await rig.clock.advance(2)
        tried = {kept.attempts for kept in await failing.pending_deliveries("hook", 0, 10)}
        assert sum(tried) > 2


async def test_what_is_delivered_and_not_recorded_is_bounded(
    rig: Rig, failing: FailingStore, store: RetryingStore
) -> None:
    """That much would be delivered again where the process ended now; the rest goes on when it can be noted."""
    sink = RecordingSink("hook")
    (watch,) = await rig.add("graph", "1")
    for state in [State.RUNNING, State.STOPPING] * 2_600:
        step = advance(watch, Observation(state, "x"), rig.clock.now())
        await failing.commit([step], [], lambda _event: ["hook"], rig.clock.now())
        watch = step.watch
    failing.trouble = StoreFull("full")
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(sink, EventFilter())], tasks)
        await rig.clock.advance(60)
        assert len(sink.events) == 5_000
        failing.trouble = None
        await rig.clock.advance(2)
        assert [event.sequence for event in sink.events] == list(range(1, 5_201))
