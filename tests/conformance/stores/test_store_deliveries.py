"""Deliveries on their way, delivered, dead and replayed, in every store."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from conformance.stores.makings import Add, Commit, MakeAttempt, MakeStep, waiting
from jobwatchd.model.delivery import Attempt, Backlog, Delivery, DeliveryStatus
from jobwatchd.model.job import State
from jobwatchd.model.query import DeadLetterQuery
from jobwatchd.ports import Store

MINUTE = timedelta(minutes=1)


async def test_pending_deliveries_are_paged_by_position(store: Store, deliveries: Sequence[Delivery]) -> None:
    """In order, above the position given, at most so many, of that sink only."""
    assert await waiting(store, limit=3) == ["a", "b", "c"]
    assert await waiting(store, after=deliveries[1].position) == ["c", "d"]
    assert await waiting(store, after=deliveries[3].position) == []
    assert await waiting(store, sink="nobody") == []


async def test_a_delivered_one_is_no_longer_pending(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt
) -> None:
    """For its sink; the other sink still waits."""
    await store.record_attempts([outcome(deliveries[1], DeliveryStatus.DELIVERED)])
    assert await waiting(store) == ["a", "c", "d"]
    assert await waiting(store, sink="other") == ["a", "b", "c", "d"]


async def test_a_failed_attempt_is_remembered(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
) -> None:
    """How many failed and when the next is due survive a restart."""
    due_at = now + timedelta(seconds=3, microseconds=1)
    failure = outcome(deliveries[0], DeliveryStatus.PENDING, 2, next_attempt_at=due_at, error="503")
    await store.record_attempts([failure])
    first = (await store.pending_deliveries("hook", 0, 1))[0]
    assert (first.attempts, first.next_attempt_at, first.created_at) == (2, due_at, now)


async def test_recording_is_idempotent(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
) -> None:
    """The same attempts again change nothing, and one for an event that is gone is ignored."""
    attempts = [
        outcome(deliveries[0], DeliveryStatus.DELIVERED),
        outcome(deliveries[1], DeliveryStatus.DEAD, 5, error="400"),
        Attempt("hook", 999, DeliveryStatus.DELIVERED, 1, now),
    ]
    await store.record_attempts(attempts)
    before = (await store.pending_deliveries("hook", 0, 10), await store.list_dead_letters(DeadLetterQuery()))
    await store.record_attempts(attempts)
    assert (await store.pending_deliveries("hook", 0, 10), await store.list_dead_letters(DeadLetterQuery())) == before
    await store.record_attempts([])


async def test_refusals_are_remembered(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
) -> None:
    """How many there were and since when survive a restart."""
    refused = outcome(deliveries[0], DeliveryStatus.PENDING, 3, rejections=2, rejected_since=now - MINUTE)
    await store.record_attempts([refused])
    first, second, *_ = await store.pending_deliveries("hook", 0, 10)
    assert (first.rejections, first.rejected_since) == (2, now - MINUTE)
    assert (second.rejections, second.rejected_since) == (0, None)


async def test_the_first_pending_delivery_of_a_watch_is_found(
    store: Store, add: Add, step: MakeStep, commit: Commit, outcome: MakeAttempt
) -> None:
    """The oldest that is pending for that sink, whatever waits of other watches."""
    first, second = await add("a", "b")
    await commit(step(first), step(second))
    moved = step(step(second).watch, State.RUNNING)
    await commit(moved)
    _, queued, running = await store.pending_deliveries("hook", 0, 10)

    assert await store.first_pending("hook", second.id) == queued
    await store.record_attempts([outcome(queued, DeliveryStatus.DELIVERED)])
    assert await store.first_pending("hook", second.id) == running
    assert await store.first_pending("other", second.id) is None
    assert await store.first_pending("hook", 999) is None


async def test_what_waits_for_a_sink_can_be_dropped(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
) -> None:
    """All that is pending for that sink, and nothing else; the events can be pruned then."""
    await store.record_attempts([outcome(deliveries[0], DeliveryStatus.DEAD, error="no")])

    assert [await store.drop_pending("hook") for _ in range(2)] == [3, 0]
    assert await waiting(store) == []
    assert await waiting(store, sink="other") == ["a", "b", "c", "d"]
    assert len(await store.list_dead_letters(DeadLetterQuery(sink="hook"))) == 1


async def test_a_missing_sink_is_known_since_it_was_found(store: Store, now: datetime) -> None:
    """The first time counts, until it is no longer named."""
    assert await store.missing_sinks() == {}
    assert await store.mark_missing(["b", "a"], now) == {"a": now, "b": now}
    assert await store.mark_missing(["b", "c"], now + MINUTE) == {"b": now, "c": now + MINUTE}
    assert await store.missing_sinks() == {"b": now, "c": now + MINUTE}
    assert await store.mark_missing([], now) == {}


async def test_backlog_counts_what_waits_and_what_is_dead(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
) -> None:
    """Per sink, with the age of the oldest that waits."""
    await store.record_attempts(
        [outcome(delivery, DeliveryStatus.DELIVERED) for delivery in deliveries[:1]]
        + [outcome(delivery, DeliveryStatus.DEAD, error="no") for delivery in deliveries[1:]]
        + [outcome(delivery, DeliveryStatus.DEAD, sink="other", error="no") for delivery in deliveries]
    )
    for minutes, delivery in enumerate(deliveries[2:], start=1):
        await store.replay(DeadLetterQuery(sink="hook", event_ids=(delivery.event.id,)), now + minutes * MINUTE)
    backlog = sorted(await store.backlog(), key=lambda it: it.sink)
    assert backlog == [Backlog("hook", 2, 1, now + MINUTE), Backlog("other", 0, 4, None)]


async def test_a_sink_that_took_all_has_no_backlog(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt
) -> None:
    """It is left out, as is one that never had anything."""
    await store.record_attempts([outcome(delivery, DeliveryStatus.DELIVERED) for delivery in deliveries])
    assert [it.sink for it in await store.backlog()] == ["other"]
