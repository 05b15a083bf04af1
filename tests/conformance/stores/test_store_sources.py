"""The health of sources, in every store."""

from datetime import datetime, timedelta

from conformance.stores.makings import Add, MakeStep, failure, to_nobody, told
from jobwatchd.model.health import mark_recovered
from jobwatchd.ports import Store


async def test_a_source_is_created_once(store: Store, now: datetime) -> None:
    """Its creation time stays, because the ids of its events are made from it."""
    first = await store.load_source("graph", now)
    again = await store.load_source("graph", now + timedelta(days=1))
    assert again == first
    assert (first.created_at, first.sequence, first.version, first.unreachable_since) == (now, 0, 0, None)


async def test_a_source_that_fails_is_remembered_and_told(
    store: Store, add: Add, step: MakeStep, now: datetime
) -> None:
    """Its health survives, its event comes before those of the steps, and goes where it is routed."""
    (watch,) = await add("a")
    down = await failure(store, "graph", now, now - timedelta(seconds=61))
    await store.commit([step(watch)], [down], lambda _: ["hook"], now)
    assert await store.load_source("graph", now) == down.health
    assert await told(store) == [("graph", "source.unreachable"), ("graph/a", "job.queued")]
    assert next(it.event for it in await store.pending_deliveries("hook", 0, 10)) == down.events[0]
    up = mark_recovered(down.health, now + timedelta(minutes=2))
    assert up is not None
    await store.commit((), [up], to_nobody, now)
    assert await store.load_source("graph", now) == up.health


async def test_an_outdated_health_is_left_out(store: Store, add: Add, step: MakeStep, now: datetime) -> None:
    """Whoever tells first tells; the steps beside it are written all the same."""
    (watch,) = await add("a")
    first = await failure(store, "graph", now)
    late = await failure(store, "graph", now + timedelta(seconds=9), now, "timed out")
    await store.commit((), [first], to_nobody, now)
    assert not (await store.commit([step(watch)], [late], to_nobody, now)).stale
    assert await store.load_source("graph", now) == first.health
    assert await told(store) == [("graph", "source.unreachable"), ("graph/a", "job.queued")]
