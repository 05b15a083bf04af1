"""Reading the log of events, in every store."""

from datetime import datetime, timedelta

import pytest

from conformance.stores.makings import Add, Commit, MakeStep, failure
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import State, Task
from jobwatchd.model.query import EventQuery
from jobwatchd.model.watch import Watch
from jobwatchd.ports import Store


@pytest.fixture
async def history(store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime) -> tuple[Watch, Watch]:
    """Commit the lives of two jobs and the failure of another source; return the two watches."""
    first, second = await add("a", "b")
    queued = [step(first), step(second)]
    running = [step(moved.watch, State.RUNNING) for moved in queued]
    await commit(*queued)
    await commit(*running)
    await commit(step(running[0].watch, State.SUCCEEDED))
    down = await failure(store, "media", now)
    await store.commit((), [down], lambda _: (), now)
    return first, second


async def listed(store: Store, query: EventQuery) -> list[tuple[str, str]]:
    """List what a query finds: subject and type."""
    return [(it.event.subject, it.event.type.value) for it in await store.list_events(query)]


ALL = [
    ("graph/a", "job.queued"),
    ("graph/b", "job.queued"),
    ("graph/a", "job.running"),
    ("graph/b", "job.running"),
    ("graph/a", "job.succeeded"),
    ("media", "source.unreachable"),
]


async def test_events_are_paged_by_position(store: Store, history: tuple[Watch, Watch]) -> None:
    """Every page begins above the position that it is given."""
    pages, after = [], 0
    while page := await store.list_events(EventQuery(after=after, limit=4)):
        pages.append([(it.event.subject, it.event.type.value) for it in page])
        after = page[-1].position
    assert pages == [ALL[:4], ALL[4:]]


async def test_newest_events_come_first_where_asked(store: Store, history: tuple[Watch, Watch]) -> None:
    """Pages then go back in time, from the newest, each before the position that it is given."""
    pages, after = [], 0
    while page := await store.list_events(EventQuery(after=after, limit=4, newest_first=True)):
        pages.append([(it.event.subject, it.event.type.value) for it in page])
        after = page[-1].position
    assert pages == [ALL[:1:-1], ALL[1::-1]]


async def test_events_are_filtered(store: Store, history: tuple[Watch, Watch]) -> None:
    """By watch, by source, by exact types, and by all of them together."""
    first, second = history
    assert await listed(store, EventQuery(watch_id=second.id)) == [ALL[1], ALL[3]]
    assert await listed(store, EventQuery(source="media")) == [ALL[5]]
    assert await listed(store, EventQuery(types=("job.running", "job.succeeded"))) == [ALL[2], ALL[3], ALL[4]]
    assert await listed(store, EventQuery(types=("job",))) == []
    query = EventQuery(watch_id=first.id, source="graph", types=("job.queued", "job.running"), newest_first=True)
    assert await listed(store, query) == [ALL[2], ALL[0]]


async def test_an_event_comes_back_as_it_was(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """Every field, microseconds, labels and task included."""
    (watch,) = await add("a", labels={"team": "grüße"})
    queued_at = now - timedelta(seconds=9, microseconds=1)
    started_at, finished_at = now - timedelta(seconds=5), now - timedelta(microseconds=1)
    task = Task("0", State.FAILED, "ERR", "load", started_at, finished_at)
    queued = step(watch)
    failed = step(
        queued.watch,
        State.FAILED,
        facts=JobFacts('Page"Rank\n', "7", "nightly", 33.3, queued_at, started_at, finished_at),
        error="no space",
        tasks=(task,),
    )
    await commit(queued)
    await commit(failed)
    events = [stored.event for stored in await store.list_events(EventQuery())]
    assert events == [*queued.events, *failed.events]
    assert [event.inferred for event in events] == [False, True, False, False]


async def test_a_position_never_comes_back(store: Store, history: tuple[Watch, Watch], now: datetime) -> None:
    """Not even that of the newest event, pruned: readers go on from the last position they saw."""
    last = (await store.list_events(EventQuery(newest_first=True, limit=1)))[0].position
    await store.prune(now, now + timedelta(days=1))
    down = await failure(store, "other", now)
    await store.commit((), [down], lambda _: (), now)
    (newest,) = await store.list_events(EventQuery(newest_first=True, limit=1))
    assert newest.position > last
