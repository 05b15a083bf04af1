"""Pruning what is old, and nothing else, in every store."""

from datetime import datetime, timedelta

from conformance.stores.makings import Add, Commit, MakeStep, job_of
from jobwatchd.model.delivery import Attempt, DeliveryStatus
from jobwatchd.model.job import State
from jobwatchd.model.query import DeadLetterQuery, EventQuery, WatchQuery
from jobwatchd.model.watch import Origin
from jobwatchd.ports import Pruned, Store

DAY = timedelta(days=1)


async def jobs(store: Store) -> list[str]:
    """Name the jobs that are watched."""
    return [record.watch.ref.job for record in await store.list_watches(WatchQuery())]


async def subjects(store: Store) -> list[str]:
    """Name the jobs that events are kept about."""
    return [job_of(stored.event) for stored in await store.list_events(EventQuery())]


async def test_only_ended_watches_from_the_api_go(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """Those that are open, that ended later, or that the file would bring back, stay."""
    await add("open")
    old, recent = await add("old", "recent")
    (from_file,) = await add("file", origin=Origin.FILE)
    await commit(step(old, State.FAILED, -1), step(recent, State.FAILED), step(from_file, State.FAILED, -1), sinks=[])
    assert await store.prune(now, now - DAY) == Pruned(watches=1, events=0)
    assert await jobs(store) == ["open", "recent", "file"]
    assert await subjects(store) == ["old", "recent", "file"]
    assert await store.prune(now, now - DAY) == Pruned(0, 0)


async def test_only_events_older_than_the_limit_go(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """Age counts from the commit; watches are not touched by it."""
    old, recent = await add("old", "recent")
    await commit(step(old), sinks=[], at=now - timedelta(microseconds=1))
    await commit(step(recent), sinks=[], at=now)
    assert await store.prune(now - DAY, now) == Pruned(watches=0, events=1)
    assert await subjects(store) == ["recent"]
    assert await jobs(store) == ["old", "recent"]


async def test_an_event_that_any_sink_waits_for_stays(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """However old it is; delivered and dead deliveries go with their event."""
    waiting, finished = await add("waiting", "finished")
    await commit(step(waiting), step(finished), sinks=["hook", "other"])
    first, second = await store.pending_deliveries("hook", 0, 10)
    await store.record_attempts(
        [
            Attempt("hook", first.position, DeliveryStatus.DELIVERED, 1, now),
            Attempt("hook", second.position, DeliveryStatus.DELIVERED, 1, now),
            Attempt("other", second.position, DeliveryStatus.DEAD, 5, now, error="no"),
        ]
    )
    assert await store.prune(now - DAY, now + DAY) == Pruned(watches=0, events=1)
    assert await subjects(store) == ["waiting"]
    assert [job_of(it.event) for it in await store.pending_deliveries("other", 0, 10)] == ["waiting"]
    assert await store.list_dead_letters(DeadLetterQuery()) == []


async def test_each_call_does_bounded_work(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """Called again and again it removes everything that is old."""
    watches = await add(*(str(n) for n in range(2_500)))
    await commit(*(step(watch, State.SUCCEEDED, -1) for watch in watches), sinks=[], at=now - DAY)
    removed = []
    while any(pruned := await store.prune(now, now)):
        removed.append(pruned)
    assert len(removed) > 1
    assert max(max(pruned) for pruned in removed) <= 1_000
    assert (sum(pruned.watches for pruned in removed), sum(pruned.events for pruned in removed)) == (2_500, 2_500)
    assert await jobs(store) == []
    assert await subjects(store) == []


async def test_a_pruned_job_may_be_watched_again(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """It is a new watch then, and its first event is a new event."""
    (watch,) = await add("a")
    ended = step(watch, State.SUCCEEDED)
    await commit(ended, sinks=[])
    await store.prune(now + DAY, now - DAY)
    (again,) = await add("a")
    repeated = step(again, State.SUCCEEDED)
    assert await commit(repeated) == set()
    assert repeated.events[0].id != ended.events[0].id
    assert await subjects(store) == ["a", "a"]
