"""Loading all watches at a start, and listing some of them for people, in every store."""

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest

from conformance.stores.makings import Add, Commit, MakeStep
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import SHARDS, JobReference, State, Task
from jobwatchd.model.query import WatchQuery
from jobwatchd.model.transition import mark_lost
from jobwatchd.model.watch import Origin, Policy, Watch, WatchSpec
from jobwatchd.ports import Store


async def load(store: Store, shards: Collection[int] | None, ended_after: datetime) -> list[Watch]:
    """Load all batches into one list."""
    return [watch async for batch in store.load_watches(shards, ended_after) for watch in batch]


async def test_load_yields_watches_as_they_were_written(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """Everything that `advance` looks at comes back: tasks, unmapped words, times, group, numbers."""
    (watch,) = await add("a", labels={"team": "x"}, policy=Policy(deadline_s=86_400.0))
    tasks = (Task("0", State.RUNNING, "RUN"), Task("1", None, "odd"))
    facts = JobFacts(started_at=now - timedelta(seconds=7, microseconds=1))
    seen = step(watch, State.RUNNING, facts=facts, group="list", tasks=tasks)
    assert seen.watch.unmapped == ("'odd' of a task",)
    await commit(seen)
    assert await load(store, None, now) == [seen.watch]


async def test_load_yields_lost_watches(store: Store, add: Add, commit: Commit, now: datetime) -> None:
    """A lost job has ended, has no state, and says so after loading."""
    (watch,) = await add("a")
    lost = mark_lost(watch, now, "gone")
    await commit(lost)
    assert await load(store, None, now - timedelta(seconds=1)) == [lost.watch]


async def test_load_leaves_out_what_ended_earlier(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """Ended watches come only where they ended after the given instant, not at it."""
    watch, ended = await add("open", "ended")
    after = step(ended, State.SUCCEEDED)
    await commit(after)
    assert await load(store, None, now - timedelta(microseconds=1)) == [watch, after.watch]
    assert await load(store, None, now) == [watch]
    assert await load(store, None, now + timedelta(days=1)) == [watch]


async def test_shards_share_all_watches_out(store: Store, add: Add, now: datetime) -> None:
    """Each watch is in exactly one shard, whatever the process."""
    watches = await add(*(f"job-{n}" for n in range(200)))
    odd = await load(store, set(range(1, SHARDS, 2)), now)
    even = await load(store, range(0, SHARDS, 2), now)
    assert sorted(odd + even, key=lambda watch: watch.id) == watches
    assert all(watch.ref.shard % 2 == 1 for watch in odd)
    assert await load(store, [], now) == []


async def test_load_yields_batches(store: Store, add: Add, now: datetime) -> None:
    """Many watches come in several batches, none twice, none left out."""
    watches = await add(*(str(n) for n in range(5_001)))
    batches = [batch async for batch in store.load_watches(None, now)]
    assert len(batches) > 1
    assert [watch.id for batch in batches for watch in batch] == [watch.id for watch in watches]


async def test_load_yields_the_watches_of_one_origin(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """Ended ones too, however long ago, where no bound is given."""
    kept, ended = await add("a", "b", origin=Origin.FILE)
    await add("c", origin=Origin.API)
    after = step(ended, State.SUCCEEDED)
    await commit(after)
    batches = [batch async for batch in store.load_watches(None, None, Origin.FILE)]
    assert [watch for batch in batches for watch in batch] == [kept, after.watch]


async def listed(store: Store, query: WatchQuery) -> list[str]:
    """List the jobs that a query finds."""
    return [record.watch.ref.job for record in await store.list_watches(query)]


async def test_list_goes_page_by_page(store: Store, add: Add) -> None:
    """Pages follow the ids, end to end."""
    watches = await add("c", "a", "b", "d", "e")
    assert await listed(store, WatchQuery(limit=2)) == ["c", "a"]
    assert await listed(store, WatchQuery(limit=2, after=watches[1].id)) == ["b", "d"]
    assert await listed(store, WatchQuery(limit=2, after=watches[3].id)) == ["e"]
    assert await listed(store, WatchQuery(limit=2, after=watches[4].id)) == []


async def test_list_shows_the_last_observation(store: Store, add: Add, step: MakeStep, commit: Commit) -> None:
    """People see what the watch itself does not remember, such as progress."""
    (watch,) = await add("a")
    running = step(watch, State.RUNNING, facts=JobFacts("PageRank", progress=12.5))
    await commit(running)
    (record,) = await store.list_watches(WatchQuery())
    assert record.watch == running.watch
    assert record.observation == running.observation


async def test_list_filters_by_source_state_and_end(store: Store, add: Add, step: MakeStep, commit: Commit) -> None:
    """Each filter alone, and all of them together."""
    (other,) = await add("m", source="media")
    fresh, running, failed = await add("fresh", "running", "failed")
    await commit(step(running, State.RUNNING), step(failed, State.FAILED), step(other, State.RUNNING))
    assert await listed(store, WatchQuery(source="graph")) == ["fresh", "running", "failed"]
    assert await listed(store, WatchQuery(state=State.RUNNING)) == ["m", "running"]
    assert await listed(store, WatchQuery(active=True)) == ["m", "fresh", "running"]
    assert await listed(store, WatchQuery(active=False)) == ["failed"]
    assert await listed(store, WatchQuery(source="media", state=State.RUNNING, active=True)) == ["m"]
    assert fresh.state is None


async def test_list_filters_by_origin(store: Store, now: datetime) -> None:
    """The file's watches are told apart from the API's, which a restart must not take for the file's."""
    specs = [WatchSpec(JobReference("graph", origin), origin=origin) for origin in Origin]
    await store.add_watches(specs, now)
    assert await listed(store, WatchQuery(origin=Origin.FILE)) == ["file"]
    assert await listed(store, WatchQuery(origin=Origin.API)) == ["api"]
    assert await listed(store, WatchQuery()) == ["file", "api"]


async def test_list_wants_all_labels(store: Store, add: Add) -> None:
    """A watch that lacks one of the labels, or has another value, is left out."""
    await add("both", labels={"team": "x", "env": "prod", "z": ""})
    await add("one", labels={"team": "x"})
    await add("other", labels={"team": "xx", "env": "prod"})
    await add("none")
    assert await listed(store, WatchQuery(labels={"team": "x"})) == ["both", "one"]
    assert await listed(store, WatchQuery(labels={"team": "x", "env": "prod"})) == ["both"]
    assert await listed(store, WatchQuery(labels={"z": ""})) == ["both"]
    assert await listed(store, WatchQuery(labels={"team": "X"})) == []
    assert await listed(store, WatchQuery(labels={"": "x"})) == []


@pytest.mark.parametrize("odd", ["%", "_", '"', "\\", '":"', ",", "é", "\n", "/", "{}"])
async def test_labels_of_any_characters_are_matched_exactly(store: Store, add: Add, odd: str) -> None:
    """Nothing in a label is taken for a pattern or for JSON."""
    await add("name", labels={odd: "v"})
    await add("value", labels={"n": odd})
    await add("neither", labels={"nnn": "vvv", ":": ",", "a": ":"})
    assert await listed(store, WatchQuery(labels={odd: "v"})) == ["name"]
    assert await listed(store, WatchQuery(labels={"n": odd})) == ["value"]


async def test_a_page_is_filled_past_what_only_looks_alike(store: Store, add: Add) -> None:
    """A page holds as many matches as were asked for, however many near misses lie between."""
    for n in range(10):
        await add(f"near-{n}", labels={"team": "BLUE"})
    await add("first", "second", labels={"team": "blue"})
    assert await listed(store, WatchQuery(labels={"team": "blue"}, limit=2)) == ["first", "second"]
