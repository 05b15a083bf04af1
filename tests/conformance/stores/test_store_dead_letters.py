"""Dead letters, found and replayed, in every store."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from conformance.stores.makings import MakeAttempt, job_of, waiting
from jobwatchd.model.delivery import DeadLetter, Delivery, DeliveryStatus, Replayed
from jobwatchd.model.query import DeadLetterQuery
from jobwatchd.ports import Store

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def all_dead(store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime) -> datetime:
    """Let both sinks give up all four events, and give the time."""
    for sink in ("other", "hook"):
        await store.record_attempts([outcome(it, DeliveryStatus.DEAD, sink=sink, error="no") for it in deliveries])
    return now


async def test_a_dead_letter_tells_why(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
) -> None:
    """Which event, for which sink, after how many attempts, when, and what was the matter."""
    await store.record_attempts([outcome(deliveries[2], DeliveryStatus.DEAD, 5, error="400 Bad Request")])
    assert await waiting(store) == ["a", "b", "d"]
    it = deliveries[2]
    expected = DeadLetter("hook", it.position, it.event, 5, now + MINUTE, "400 Bad Request")
    assert await store.list_dead_letters(DeadLetterQuery(sink="hook")) == [expected]
    assert await store.list_dead_letters(DeadLetterQuery(sink="other")) == []


async def test_dead_letters_are_paged_by_position(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt
) -> None:
    """No page begins in the middle of an event that several sinks would not take."""
    for delivery in deliveries:
        await store.record_attempts(
            [outcome(delivery, DeliveryStatus.DEAD, sink=sink, error="no") for sink in ("other", "hook")]
        )
    assert [job_of(it.event) for it in await store.list_dead_letters(DeadLetterQuery(sink="hook", limit=3))] == [
        "a",
        "b",
        "c",
    ]
    seen, after = [], 0
    while page := await store.list_dead_letters(DeadLetterQuery(after=after, limit=1)):
        seen += [(job_of(it.event), it.sink) for it in page]
        after = page[-1].position
    assert seen == [(job, sink) for job in "abcd" for sink in ("hook", "other")]


async def test_replayed_deliveries_are_as_new(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
) -> None:
    """No attempts, no error, and their age counts anew; only dead ones of that sink are touched."""
    failure = outcome(deliveries[1], DeliveryStatus.PENDING, 2, next_attempt_at=now + MINUTE, error="503")
    dead = [outcome(deliveries[0], DeliveryStatus.DEAD, 9, sink=sink, error="no") for sink in ("hook", "other")]
    await store.record_attempts([*dead, failure, outcome(deliveries[2], DeliveryStatus.DELIVERED)])
    ids = (*(delivery.event.id for delivery in deliveries), "unknown")
    later = now + timedelta(days=1)
    assert await store.replay(DeadLetterQuery(sink="hook", event_ids=ids), later) == Replayed(1, None)
    first, second, *_ = await store.pending_deliveries("hook", 0, 10)
    assert (first.position, first.created_at, first.attempts, first.next_attempt_at) == (
        deliveries[0].position,
        later,
        0,
        None,
    )
    assert (second.attempts, second.created_at) == (2, now)
    assert await waiting(store) == ["a", "b", "d"]
    assert await waiting(store, sink="other") == ["b", "c", "d"]


async def test_replay_is_idempotent(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
) -> None:
    """What is pending again is not replayed a second time."""
    refused = outcome(deliveries[0], DeliveryStatus.DEAD, error="no", rejections=5, rejected_since=now)
    await store.record_attempts([refused])
    query = DeadLetterQuery(sink="hook", event_ids=(deliveries[0].event.id,))
    assert [(await store.replay(query, now + n * MINUTE)).count for n in (1, 2)] == [1, 0]
    first = (await store.pending_deliveries("hook", 0, 1))[0]
    assert (first.created_at, first.rejections, first.rejected_since) == (now + MINUTE, 0, None)
    assert await store.replay(DeadLetterQuery(event_ids=()), now) == Replayed(0, None)


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        ({}, "aabbccdd"),
        ({"sink": "hook"}, "abcd"),
        ({"source": "graph"}, "aabbccdd"),
        ({"source": "media"}, ""),
        ({"types": ("job.queued", "job.failed")}, "aabbccdd"),
        ({"types": ("job.failed",)}, ""),
        ({"watch_id": 2}, "bb"),
        ({"sink": "other", "after": 2, "limit": 1}, "c"),
    ],
)
async def test_filters_hold_for_listing_and_for_replaying(
    store: Store, all_dead: datetime, choice: dict[str, Any], found: str
) -> None:
    """What is listed is what a replay of the same query brings back."""
    query = DeadLetterQuery(**choice)

    assert "".join(job_of(it.event) for it in await store.list_dead_letters(query)) == found
    assert (await store.replay(query, all_dead)).count == len(found)
    assert await store.list_dead_letters(query) == [] or query.limit == 1


async def test_a_replay_goes_on_page_by_page(store: Store, all_dead: datetime) -> None:
    """No call writes more events than the limit says, and following `next` brings all of them back."""
    counts: list[int] = []
    after: int | None = 0
    while after is not None:
        done = await store.replay(DeadLetterQuery(after=after, limit=3), all_dead)
        counts.append(done.count)
        after = done.next
    assert counts == [6, 2]
    assert await waiting(store, sink="other") == ["a", "b", "c", "d"]


async def test_many_ids_are_found(
    store: Store, deliveries: Sequence[Delivery], outcome: MakeAttempt, now: datetime
) -> None:
    """More ids than one statement takes, some of them twice."""
    await store.record_attempts([outcome(each, DeliveryStatus.DEAD, error="no") for each in deliveries])
    ids = tuple(f"unknown-{number}" for number in range(1_200)) + tuple(each.event.id for each in deliveries) * 2
    assert len(await store.list_dead_letters(DeadLetterQuery(event_ids=ids))) == 4
    assert (await store.replay(DeadLetterQuery(event_ids=ids), now)).count == 4
