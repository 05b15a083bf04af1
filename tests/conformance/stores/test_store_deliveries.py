"""Deliveries on their way, delivered, dead and replayed, in every store."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import pytest

from jobwatchd.model.delivery import Attempt, Backlog, DeadLetter, Delivery, DeliveryStatus
from jobwatchd.model.transition import Step
from jobwatchd.model.watch import Watch
from jobwatchd.ports import Store

Add = Callable[..., Awaitable[list[Watch]]]
Commit = Callable[..., Awaitable[set[int]]]
MakeAttempt = Callable[..., Attempt]
MakeStep = Callable[..., Step]

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def deliveries(store: Store, add: Add, step: MakeStep, commit: Commit):
    """Commit four events for two sinks and return those of `hook`."""
    await commit(*(step(watch) for watch in await add("a", "b", "c", "d")), sinks=["hook", "other"])
    return await store.pending_deliveries("hook", 0, 10)


@pytest.fixture
def outcome(now: datetime):
    """Give a maker of attempts."""

    def make(
        delivery: Delivery, status: DeliveryStatus, attempts: int = 1, sink: str = "hook", **facts: object
    ) -> Attempt:
        return Attempt(sink, delivery.position, status, attempts, now + MINUTE, **facts)

    return make


async def jobs(store: Store, sink: str = "hook", after: int = 0, limit: int = 10):
    """Name the jobs that a sink waits for."""
    return [delivery.event.ref.job for delivery in await store.pending_deliveries(sink, after, limit)]


async def test_pending_deliveries_are_paged_by_position(store: Store, deliveries: Sequence[Delivery]):
    """In order, above the position given, at most so many, of that sink only."""
    assert await jobs(store, limit=3) == ["a", "b", "c"]
    assert await jobs(store, after=deliveries[1].position) == ["c", "d"]
    assert await jobs(store, after=deliveries[3].position) == []
    assert await jobs(store, sink="nobody") == []


async def test_a_delivered_one_is_no_longer_pending(store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt):
    """For its sink; the other sink still waits."""
    await store.record_attempts([outcome(deliveries[1], DeliveryStatus.DELIVERED)])
    assert await jobs(store) == ["a", "c", "d"]
    assert await jobs(store, sink="other") == ["a", "b", "c", "d"]


async def test_a_failed_attempt_is_remembered(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
):
    """How many failed and when the next is due survive a restart."""
    due_at = now + timedelta(seconds=3, microseconds=1)
    failure = outcome(deliveries[0], DeliveryStatus.PENDING, 2, next_attempt_at=due_at, error="503")
    await store.record_attempts([failure])
    first = (await store.pending_deliveries("hook", 0, 1))[0]
    assert (first.attempts, first.next_attempt_at, first.created_at) == (2, due_at, now)


async def test_recording_is_idempotent(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
):
    """The same attempts again change nothing, and one for an event that is gone is ignored."""
    attempts = [
        outcome(deliveries[0], DeliveryStatus.DELIVERED),
        outcome(deliveries[1], DeliveryStatus.DEAD, 5, error="400"),
        Attempt("hook", 999, DeliveryStatus.DELIVERED, 1, now),
    ]
    await store.record_attempts(attempts)
    before = (await store.pending_deliveries("hook", 0, 10), await store.list_dead_letters(None, 0, 10))
    await store.record_attempts(attempts)
    assert (await store.pending_deliveries("hook", 0, 10), await store.list_dead_letters(None, 0, 10)) == before
    await store.record_attempts([])


async def test_a_dead_letter_tells_why(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
):
    """Which event, for which sink, after how many attempts, when, and what was the matter."""
    await store.record_attempts([outcome(deliveries[2], DeliveryStatus.DEAD, 5, error="400 Bad Request")])
    assert await jobs(store) == ["a", "b", "d"]
    it = deliveries[2]
    expected = DeadLetter("hook", it.position, it.event, 5, now + MINUTE, "400 Bad Request")
    assert await store.list_dead_letters("hook", 0, 10) == [expected]
    assert await store.list_dead_letters("other", 0, 10) == []


async def test_dead_letters_are_paged_by_position(store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt):
    """No page begins in the middle of an event that several sinks would not take."""
    for delivery in deliveries:
        await store.record_attempts(
            [outcome(delivery, DeliveryStatus.DEAD, sink=sink, error="no") for sink in ("other", "hook")]
        )
    assert [it.event.ref.job for it in await store.list_dead_letters("hook", 0, 3)] == ["a", "b", "c"]
    seen, after = [], 0
    while page := await store.list_dead_letters(None, after, 1):
        seen += [(it.event.ref.job, it.sink) for it in page]
        after = page[-1].position
    assert seen == [(job, sink) for job in "abcd" for sink in ("hook", "other")]


async def test_replayed_deliveries_are_as_new(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
):
    """No attempts, no error, and their age counts anew; only dead ones of that sink are touched."""
    failure = outcome(deliveries[1], DeliveryStatus.PENDING, 2, next_attempt_at=now + MINUTE, error="503")
    dead = [outcome(deliveries[0], DeliveryStatus.DEAD, 9, sink=sink, error="no") for sink in ("hook", "other")]
    await store.record_attempts([*dead, failure, outcome(deliveries[2], DeliveryStatus.DELIVERED)])
    ids = [delivery.event.id for delivery in deliveries] + ["unknown"]
    later = now + timedelta(days=1)
    assert await store.replay("hook", ids, later) == 1
    first, second, *_ = await store.pending_deliveries("hook", 0, 10)
    assert (first.position, first.created_at, first.attempts, first.next_attempt_at) == (
        deliveries[0].position,
        later,
        0,
        None,
    )
    assert (second.attempts, second.created_at) == (2, now)
    assert await jobs(store) == ["a", "b", "d"]
    assert await jobs(store, sink="other") == ["b", "c", "d"]


async def test_replay_is_idempotent(store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime):
    """What is pending again is not replayed a second time."""
    await store.record_attempts([outcome(deliveries[0], DeliveryStatus.DEAD, error="no")])
    ids = [deliveries[0].event.id]
    assert [await store.replay("hook", ids, now + n * MINUTE) for n in (1, 2)] == [1, 0]
    assert (await store.pending_deliveries("hook", 0, 1))[0].created_at == now + MINUTE
    assert await store.replay("hook", [], now) == 0


async def test_backlog_counts_what_waits_and_what_is_dead(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
):
    """Per sink, with the age of the oldest that waits."""
    await store.record_attempts(
        [outcome(delivery, DeliveryStatus.DELIVERED) for delivery in deliveries[:1]]
        + [outcome(delivery, DeliveryStatus.DEAD, error="no") for delivery in deliveries[1:]]
        + [outcome(delivery, DeliveryStatus.DEAD, sink="other", error="no") for delivery in deliveries]
    )
    for minutes, delivery in enumerate(deliveries[2:], start=1):
        await store.replay("hook", [delivery.event.id], now + minutes * MINUTE)
    backlog = sorted(await store.backlog(), key=lambda it: it.sink)
    assert backlog == [Backlog("hook", 2, 1, now + MINUTE), Backlog("other", 0, 4, None)]


async def test_a_sink_that_took_all_has_no_backlog(store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt):
    """It is left out, as is one that never had anything."""
    await store.record_attempts([outcome(delivery, DeliveryStatus.DELIVERED) for delivery in deliveries])
    assert [it.sink for it in await store.backlog()] == ["other"]
