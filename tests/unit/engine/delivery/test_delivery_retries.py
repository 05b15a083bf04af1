"""When one sink is tried again: back-off, what it asked for, clocks that step."""

from datetime import timedelta

import pytest

from jobwatchd.engine.delivery import DeliveryLoop
from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.errors import SinkError, SinkRateLimited, SinkRejected, SinkUnavailable
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Attempt, DeliveryStatus, Retry
from jobwatchd.model.event import EventFilter
from jobwatchd.model.query import DeadLetterQuery
from unit.engine.delivery.fussy_sink import AWAY, RETRY, FussySink
from unit.engine.rig import Rig


async def test_a_failed_delivery_is_tried_again_after_a_growing_wait(
    rig: Rig, sink: FussySink, loop: DeliveryLoop
) -> None:
    """Attempts come after 1, 2, 4 seconds, and each is recorded."""
    sink.failing["a"] = AWAY
    await rig.commit_events("hook", "a:1")
    async with rig.running(loop.run):
        for after_s, tried in ((0.5, 1), (0.4, 1), (0.2, 2), (1.8, 2), (0.2, 3), (3.8, 3), (0.2, 4)):
            await rig.clock.advance(after_s)
            assert len(sink.tried) == tried
        (pending,) = await rig.store.pending_deliveries("hook", 0, 9)

    assert pending.attempts == 4
    assert rig.metric("jobwatchd_deliveries_failed_total", sink="hook", reason="unavailable") == 4


async def test_a_restart_keeps_the_time_of_the_next_attempt(rig: Rig, sink: FussySink, loop: DeliveryLoop) -> None:
    """A new process neither hammers the receiver nor starts the back-off anew."""
    sink.failing["a"] = SinkRejected("HTTP 500")
    await rig.commit_events("hook", "a:1")
    async with rig.running(loop.run):
        await rig.clock.advance(1.5)
    assert len(sink.tried) == 2

    again = rig.delivery(SinkBinding(sink, EventFilter(), RETRY))
    async with rig.running(again.run):
        await rig.clock.advance(1.4)
        assert len(sink.tried) == 2
        await rig.clock.advance(0.2)
        assert len(sink.tried) == 3


async def test_too_many_requests_pause_the_sink(rig: Rig, sink: FussySink, loop: DeliveryLoop) -> None:
    """One answer 429 holds back all jobs for as long as was asked."""
    sink.failures = [SinkRateLimited("HTTP 429", retry_after_s=90.0)]
    await rig.commit_events("hook", "a:1")
    async with rig.running(loop.run):
        await rig.clock.advance(1)
        for delivery in await rig.commit_events("hook", "b:1"):
            loop.offer(delivery)
        await rig.clock.advance(88)
        assert sink.tried == ["a:1"]
        await rig.clock.advance(2)
        assert sorted(sink.taken) == ["a:1", "b:1"]


async def test_retry_after_of_an_unavailable_receiver_holds_for_that_job(
    rig: Rig, sink: FussySink, loop: DeliveryLoop
) -> None:
    """A 503 that one job meets delays that job for as long as was asked, and no other."""
    sink.failures = [SinkUnavailable("HTTP 503", retry_after_s=90.0)]
    await rig.commit_events("hook", "a:1", "b:1")
    async with rig.running(loop.run):
        await rig.clock.advance(89)
        assert sink.taken == ["b:1"]
        await rig.clock.advance(2)
        assert sink.taken == ["b:1", "a:1"]


@pytest.mark.parametrize("error", [SinkRateLimited, SinkUnavailable, SinkRejected])
@pytest.mark.parametrize("asked_s", [40.0, 86_400.0, 1e9])
async def test_no_wish_is_obeyed_for_longer_than_the_longest_back_off(
    rig: Rig, sink: FussySink, error: type[SinkError], asked_s: float
) -> None:
    """A day's Retry-After stops neither the job nor the sink for longer, and the log says when it is tried."""
    loop = rig.delivery(SinkBinding(sink, EventFilter(), Retry(Backoff(1.0, 2.0, 5.0))))
    sink.failing["a"] = error("busy", asked_s)
    await rig.commit_events("hook", "a:1")
    async with rig.running(loop.run):
        for attempt in range(1, 20):
            await rig.clock.advance(0)
            promised = [line["next_attempt_at"] for line in rig.log.entries if line["event"] == "delivery.failed"]
            assert len(sink.tried) == len(promised) == attempt
            assert promised[-1] == str(rig.clock.now() + timedelta(seconds=5))
            await rig.clock.advance(4.9)
            assert len(sink.tried) == attempt
            await rig.clock.advance(0.1)


async def test_a_time_far_ahead_in_the_store_is_not_waited_for(rig: Rig, sink: FussySink, loop: DeliveryLoop) -> None:
    """It was written by a clock that was wrong: nothing waits for longer than the longest back-off."""
    (delivery,) = await rig.commit_events("hook", "a:1")
    day_ahead = rig.clock.now() + timedelta(days=1)
    await rig.store.record_attempts(
        [Attempt("hook", delivery.position, DeliveryStatus.PENDING, 3, rig.clock.now(), day_ahead)]
    )
    async with rig.running(loop.run):
        await rig.clock.advance(601)

    assert sink.taken == ["a:1"]


@pytest.mark.parametrize("years", [-1, 1])
async def test_a_clock_that_steps_changes_no_back_off_and_kills_nothing(
    rig: Rig, sink: FussySink, loop: DeliveryLoop, years: int
) -> None:
    """Set forward or back by a year while it runs: attempts come as before, and the age counts as before."""
    sink.failing["a"] = AWAY
    await rig.commit_events("hook", "a:1")
    async with rig.running(loop.run):
        await rig.clock.advance(10)
        tried = len(sink.tried)
        rig.clock.step(timedelta(days=365 * years))
        await rig.clock.advance(20)
        assert len(sink.tried) == tried + 1
        await rig.clock.advance(3000)
        assert await rig.store.list_dead_letters(DeadLetterQuery()) == []
        await rig.clock.advance(1200)
        assert len(await rig.store.list_dead_letters(DeadLetterQuery())) == 1


@pytest.mark.parametrize("years", [-1, 1])
async def test_a_clock_that_steps_between_two_lives_kills_nothing_at_once(
    rig: Rig, sink: FussySink, loop: DeliveryLoop, years: int
) -> None:
    """What seems to be a year old, or of next year, is tried for half of its age at least."""
    sink.failing["a"] = AWAY
    await rig.commit_events("hook", "a:1")
    async with rig.running(loop.run):
        await rig.clock.advance(10)
    rig.clock.step(timedelta(days=365 * years))
    again = rig.delivery(SinkBinding(sink, EventFilter(), RETRY))
    async with rig.running(again.run):
        await rig.clock.advance(1000)
        assert await rig.store.list_dead_letters(DeadLetterQuery()) == []
        sink.failing.clear()
        await rig.clock.advance(601)

    assert sink.taken == ["a:1"]


async def test_a_receiver_that_comes_back_gets_its_backlog_at_once(
    rig: Rig, sink: FussySink, loop: DeliveryLoop
) -> None:
    """After an outage nobody waits out a back-off of minutes: the first answer releases all, still in order."""
    jobs = [f"j{number}" for number in range(50)]
    sink.failing = dict.fromkeys(jobs, AWAY)
    await rig.commit_events("hook", *(f"{job}:{number}" for job in jobs for number in (1, 2)))
    async with rig.running(loop.run):
        await rig.clock.advance(1800)
        assert sink.taken == []
        assert len(sink.tried) < 100
        sink.failing.clear()
        await rig.clock.advance(31)

    assert len(sink.taken) == 100
    assert all(sink.taken.index(f"{job}:1") < sink.taken.index(f"{job}:2") for job in jobs)
    assert "sink.answers" in [entry["event"] for entry in rig.log.entries]


async def test_an_answer_ends_the_back_off_of_everybody(rig: Rig, sink: FussySink) -> None:
    """A back-off of ten minutes was meant for the receiver's absence: once another job is taken, all are tried."""
    rig.luck = 1.0
    patient = Retry(Backoff(600.0, 1.0, 600.0))
    loop = rig.delivery(SinkBinding(sink, EventFilter(), patient, concurrency=4))
    sink.failing = dict.fromkeys("abcdef", AWAY)
    await rig.commit_events("hook", *(f"{job}:1" for job in "abcdef"))
    async with rig.running(loop.run):
        await rig.clock.advance(100)
        sink.failing.clear()
        for delivery in await rig.commit_events("hook", "z:1"):
            loop.offer(delivery)
        await rig.clock.advance(1)

    assert sorted(sink.taken) == ["a:1", "b:1", "c:1", "d:1", "e:1", "f:1", "z:1"]
