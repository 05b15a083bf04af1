"""One sink's deliveries: order, concurrency, retries."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from jobwatchd.engine.delivery import DeliveryLoop
from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.errors import SinkError, SinkGone, SinkRateLimited, SinkRejected, SinkUnavailable
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Attempt, DeliveryStatus, Retry, SinkCondition, SinkState
from jobwatchd.model.event import Event, EventFilter
from jobwatchd.model.query import DeadLetterQuery
from jobwatchd.testing import START, RecordingSink
from unit.engine.rig import Rig

RETRY = Retry(Backoff(1.0, 2.0, 600.0), max_age_s=3600.0, rejections=3, rejections_for_s=60.0)
AWAY = SinkUnavailable("connection refused")
MakeLoop = Callable[..., DeliveryLoop]


class FussySink(RecordingSink):
    """A sink that fails for some jobs and holds others back; `tried` lists every attempt."""

    def __init__(self) -> None:
        super().__init__("hook")
        self.failing: dict[str, Exception] = {}
        self.held = anyio.Event()
        self.held.set()
        self.tried: list[str] = []
        self.busy = self.most_busy = 0

    async def send(self, event: Event) -> None:
        """Fail where the job is to fail, wait while held back, else take the event."""
        self.tried.append(name(event))
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        await self.held.wait()
        self.busy -= 1
        if error := self.failing.get(event.subject.rpartition("/")[2]):
            raise error
        await super().send(event)

    @property
    def taken(self) -> list[str]:
        """What was taken, in order."""
        return [name(event) for event in self.events]


def name(event: Event) -> str:
    """Return the job and the number of an event."""
    return f"{event.subject.rpartition('/')[2]}:{event.sequence}"


@pytest.fixture
def sink() -> FussySink:
    """Return a sink that takes all."""
    return FussySink()


@pytest.fixture
def loop(rig: Rig, sink: FussySink) -> DeliveryLoop:
    """Return the sink's loop, which tells all attempts to the rig."""
    rig.luck = 1.0
    return rig.delivery(SinkBinding(sink, EventFilter(), RETRY, concurrency=4))


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
