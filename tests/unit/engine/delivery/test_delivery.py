"""One sink's deliveries: order, concurrency, dead letters."""

from dataclasses import replace
from datetime import timedelta

import anyio

from jobwatchd.engine.delivery import DeliveryLoop
from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.errors import SinkGone, SinkRejected
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import SinkCondition, SinkState
from jobwatchd.model.event import EventFilter
from jobwatchd.model.query import DeadLetterQuery
from jobwatchd.testing import START
from unit.engine.delivery.fussy_sink import RETRY, FussySink, name
from unit.engine.rig import Rig


async def test_events_are_delivered_and_recorded(rig: Rig, sink: FussySink, loop: DeliveryLoop) -> None:
    """What was pending is taken, once, and is pending no more."""
    await rig.commit_events("hook", "a:1", "b:1", "a:2")
    async with rig.running(loop.run):
        await rig.clock.advance(100)

    assert sorted(sink.taken) == ["a:1", "a:2", "b:1"]
    assert await rig.store.pending_deliveries("hook", 0, 100) == []
    assert rig.metric("jobwatchd_deliveries_total", sink="hook") == 3
    assert rig.metric("jobwatchd_delivery_latency_seconds_count", sink="hook") == 3


async def test_new_events_are_sent_when_offered(rig: Rig, sink: FussySink, loop: DeliveryLoop) -> None:
    """A commit while the loop naps does not wait for the end of the nap."""
    async with rig.running(loop.run):
        await rig.clock.advance(1)
        for delivery in await rig.commit_events("hook", "a:1"):
            loop.offer(delivery)
        await rig.clock.advance(0)
        assert sink.taken == ["a:1"]


async def test_order_within_a_job_is_kept_across_failures(rig: Rig, sink: FussySink, loop: DeliveryLoop) -> None:
    """What comes later waits for what fails; other jobs do not."""
    sink.failing["a"] = SinkRejected("HTTP 500")
    await rig.commit_events("hook", "a:1", "a:2", "b:1", "a:3", "b:2")
    async with rig.running(loop.run):
        await rig.clock.advance(0.5)
        assert sink.taken == ["b:1", "b:2"]
        assert set(sink.tried) == {"a:1", "b:1", "b:2"}
        sink.failing.clear()
        await rig.clock.advance(1)

    assert [item for item in sink.taken if item.startswith("a")] == ["a:1", "a:2", "a:3"]


async def test_jobs_are_served_side_by_side_up_to_the_concurrency(
    rig: Rig, sink: FussySink, loop: DeliveryLoop
) -> None:
    """Never two events of one job at a time, never more than so many altogether."""
    sink.held = anyio.Event()
    await rig.commit_events("hook", *(f"{job}:{number}" for job in "abcdef" for number in (1, 2)))
    async with rig.running(loop.run):
        await rig.clock.advance(0.2)
        assert sink.tried == ["a:1", "b:1", "c:1", "d:1"]
        sink.held.set()
        await rig.clock.advance(1)

    assert (len(sink.taken), sink.most_busy) == (12, 4)


async def test_what_is_refused_too_often_and_for_long_is_dead_and_the_next_goes_on(
    rig: Rig, sink: FussySink, loop: DeliveryLoop
) -> None:
    """A dead letter is kept with its reason; the job's later events are delivered."""
    sink.failing["a"] = SinkRejected("HTTP 400")
    await rig.commit_events("hook", "a:1", "a:2")
    async with rig.running(loop.run):
        await rig.clock.advance(59)
        assert set(sink.tried) == {"a:1"}
        assert len(sink.tried) > RETRY.rejections
        sink.failing.clear()
        sink.failures = [SinkRejected("HTTP 400")]
        await rig.clock.advance(10)
        (dead,) = await rig.store.list_dead_letters(DeadLetterQuery())
        assert (name(dead.event), dead.attempts, dead.error) == ("a:1", 7, "HTTP 400")
        assert sink.taken == ["a:2"]


async def test_a_minute_of_refusals_loses_nothing(rig: Rig, sink: FussySink) -> None:
    """An ingress without its backend answers 404, or 401, for a while: what was refused is taken then, in order."""
    loop = rig.delivery(SinkBinding(sink, EventFilter()))
    jobs = [f"j{number}" for number in range(50)]
    sink.failing = dict.fromkeys(jobs, SinkRejected("HTTP 404"))
    await rig.commit_events("hook", *(f"{job}:{number}" for job in jobs for number in (1, 2)))
    async with rig.running(loop.run):
        await rig.clock.advance(60)
        sink.failing.clear()
        await rig.clock.advance(64)

    assert len(sink.taken) == 100
    assert await rig.store.list_dead_letters(DeadLetterQuery()) == []


async def test_refusals_are_counted_across_a_restart(rig: Rig, sink: FussySink) -> None:
    """How many there were, and since when, is stored: nothing begins anew."""
    binding = SinkBinding(sink, EventFilter(), replace(RETRY, backoff=Backoff(1.0, 2.0, 10.0)))
    sink.failing["a"] = SinkRejected("HTTP 400")
    await rig.commit_events("hook", "a:1")
    for seconds in (40, 45):
        loop = rig.delivery(binding)
        async with rig.running(loop.run):
            assert await rig.store.list_dead_letters(DeadLetterQuery()) == []
            await rig.clock.advance(seconds)

    (dead,) = await rig.store.list_dead_letters(DeadLetterQuery())
    assert START + timedelta(seconds=60) <= dead.died_at


async def test_a_replayed_dead_letter_is_delivered(rig: Rig, sink: FussySink, loop: DeliveryLoop) -> None:
    """Nobody needs to restart anything: it is found within a while, at once where the loop is told, under its id."""
    sink.failing = dict.fromkeys("ab", SinkRejected("HTTP 400"))
    await rig.commit_events("hook", "a:1", "b:1", "c:1")
    async with rig.running(loop.run):
        await rig.clock.advance(120)
        first, second = await rig.store.list_dead_letters(DeadLetterQuery())
        sink.failing.clear()
        await rig.store.replay(DeadLetterQuery(event_ids=(first.event.id,)), rig.clock.now())
        await rig.clock.advance(16)
        assert sink.taken == ["c:1", "a:1"]
        await rig.store.replay(DeadLetterQuery(event_ids=(second.event.id,)), rig.clock.now())
        loop.rescan()
        await rig.clock.advance(0)

    assert sink.taken == ["c:1", "a:1", "b:1"]
    assert sink.events[-1].id == second.event.id


async def test_a_gone_receiver_is_sent_nothing_more(rig: Rig, sink: FussySink, loop: DeliveryLoop) -> None:
    """After a 410 the sink is off; what it did not take stays pending, and draining does not wait for it."""
    sink.failing["a"] = SinkGone("HTTP 410")
    await rig.commit_events("hook", "a:1", "a:2")
    async with rig.running(loop.run):
        await rig.clock.advance(1)
        for delivery in await rig.commit_events("hook", "b:1"):
            loop.offer(delivery)
        await rig.clock.advance(3600)
        await loop.drain()

    assert (sink.tried, sink.taken) == (["a:1"], [])
    assert len(await rig.store.pending_deliveries("hook", 0, 9)) == 3
    assert "sink.disabled" in [entry["event"] for entry in rig.log.entries]
    assert rig.heartbeats.problems() == []


async def test_a_gone_receiver_goes_on_when_it_is_enabled(rig: Rig, sink: FussySink, loop: DeliveryLoop) -> None:
    """What has waited is sent at once and in order, and the state and the metric say how it is."""
    sink.failing["a"] = SinkGone("HTTP 410")
    await rig.commit_events("hook", "a:1", "a:2")
    async with rig.running(loop.run):
        await rig.clock.advance(30)
        assert loop.state == SinkState("hook", SinkCondition.DISABLED, START, "HTTP 410")
        assert rig.metric("jobwatchd_sink_disabled", sink="hook") == 1
        sink.failing.clear()
        assert [loop.enable(), loop.enable()] == [True, False]
        await rig.clock.advance(0)

    assert sink.taken == ["a:1", "a:2"]
    assert loop.state == SinkState("hook")
    assert rig.metric("jobwatchd_sink_disabled", sink="hook") == 0
