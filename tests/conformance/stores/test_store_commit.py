"""Committing steps: all of a step or nothing of it, in every store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from conformance.stores.makings import Add, Commit, MakeStep, failure, job_of, record_of, to_nobody, told
from jobwatchd.model.delivery import Attempt, DeliveryStatus
from jobwatchd.model.event import Event
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import State
from jobwatchd.model.query import EventQuery
from jobwatchd.model.transition import Step
from jobwatchd.ports import Store


async def test_a_step_becomes_watch_event_and_delivery(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """One commit, and all three are there."""
    (watch,) = await add("a")
    first = step(watch, State.RUNNING, facts=JobFacts("PageRank"))
    assert await commit(first) == set()
    record = await record_of(store, watch.id)
    assert (record.watch, record.observation) == (first.watch, first.observation)
    assert [stored.event for stored in await store.list_events(EventQuery())] == list(first.events)
    (delivery,) = await store.pending_deliveries("hook", 0, 10)
    assert (delivery.event, delivery.created_at, delivery.attempts) == (first.events[0], now, 0)
    assert delivery.next_attempt_at is None


async def test_events_get_positions_in_the_order_given(store: Store, add: Add, step: MakeStep, commit: Commit) -> None:
    """By step first, within a step by its events, and each call after the one before."""
    watches = await add("a", "b", "c")
    proven = JobFacts(started_at=watches[0].created_at)
    queued = [step(watch) for watch in watches]
    await commit(*reversed(queued))
    await commit(*(step(queued[n].watch, State.SUCCEEDED, facts=proven) for n in (1, 0)))
    assert await told(store) == [
        ("graph/c", "job.queued"),
        ("graph/b", "job.queued"),
        ("graph/a", "job.queued"),
        ("graph/b", "job.running"),
        ("graph/b", "job.succeeded"),
        ("graph/a", "job.running"),
        ("graph/a", "job.succeeded"),
    ]
    positions = [stored.position for stored in await store.list_events(EventQuery())]
    assert positions == sorted(set(positions))


async def test_outdated_steps_are_left_out_whole(store: Store, add: Add, step: MakeStep, commit: Commit) -> None:
    """The ids of outdated and removed watches come back, nothing of theirs is written, all of the rest is."""
    stale, good, gone, also_good = await add("stale", "good", "gone", "also-good")
    ahead = step(stale, State.RUNNING)
    await commit(ahead)
    await store.remove_watches([gone.id])
    refused = await commit(
        step(stale, State.FAILED), step(good, State.RUNNING), step(gone, State.RUNNING), step(also_good)
    )
    assert refused == {stale.id, gone.id}
    assert (await record_of(store, stale.id)).watch == ahead.watch
    assert (await record_of(store, stale.id)).observation == ahead.observation
    assert await store.get_watch(gone.id) is None
    jobs = ["graph/stale", "graph/good", "graph/also-good"]
    assert [subject for subject, _ in await told(store)] == jobs
    assert [delivery.event.subject for delivery in await store.pending_deliveries("hook", 0, 10)] == jobs


async def test_a_version_from_the_future_is_refused(store: Store, add: Add, step: MakeStep, commit: Commit) -> None:
    """The stored version must be exactly one less."""
    (watch,) = await add("a")
    assert await commit(step(replace(watch, version=5))) == {watch.id}
    assert await told(store) == []


async def test_the_same_commit_again_changes_nothing(store: Store, add: Add, step: MakeStep, commit: Commit) -> None:
    """A caller that does not know whether its commit went through may repeat it, and hears that it did."""
    (watch,) = await add("a")
    first = step(watch)
    await commit(first)
    assert await commit(first) == set()
    assert len(await store.list_events(EventQuery())) == 1
    assert len(await store.pending_deliveries("hook", 0, 10)) == 1


async def test_a_commit_made_again_returns_the_deliveries_that_nobody_was_told_of(
    store: Store, add: Add, step: MakeStep, now: datetime
) -> None:
    """Those of before come first, by position, and new ones beside them are made; what was delivered is left out."""
    first, second, third = await add("a", "b", "c")
    down = await failure(store, "graph", now)
    steps = [step(first), step(second)]
    before = await store.commit(steps, [down], lambda _: ["hook", "log"], now)
    again = await store.commit([*steps, step(third)], [down], lambda _: ["hook", "log"], now + timedelta(hours=1))
    assert again.stale == set()
    assert sorted(again.deliveries[:6], key=str) == sorted(before.deliveries, key=str)
    assert [(it.event.subject, it.sink) for it in again.deliveries[6:]] == [("graph/c", "hook"), ("graph/c", "log")]
    positions = [delivery.position for delivery in again.deliveries]
    assert positions == sorted(positions)
    await store.record_attempts(
        [Attempt("hook", delivery.position, DeliveryStatus.DELIVERED, 1, now) for delivery in before.deliveries]
    )
    last = await store.commit(steps, [down], lambda _: ["hook", "log"], now)
    assert [delivery.sink for delivery in last.deliveries] == ["log"] * 3


async def test_another_step_to_the_same_version_is_stale(
    store: Store, add: Add, step: MakeStep, commit: Commit
) -> None:
    """Only its very events make a step the one that was written; one without events cannot be told from another's."""
    (watch, quiet) = await add("a", "quiet")
    await commit(step(watch, State.RUNNING), Step(replace(quiet, group="g", version=quiet.version + 1)))
    assert await commit(step(watch, State.FAILED)) == {watch.id}
    assert await commit(Step(replace(quiet, group="h", version=quiet.version + 1))) == {quiet.id}
    assert (await record_of(store, quiet.id)).watch.group == "g"


async def test_a_stored_event_is_not_written_again(
    store: Store, add: Add, step: MakeStep, commit: Commit, now: datetime
) -> None:
    """Nor are deliveries of it; new events beside it are."""
    (watch,) = await add("a")
    first = step(watch)
    await commit(first)
    second = step(first.watch, State.RUNNING)
    both = Step(second.watch, (*first.events, *second.events), second.observation)
    assert await commit(both, sinks=["hook", "late"], at=now + timedelta(minutes=1)) == set()
    assert [kind for _, kind in await told(store)] == ["job.queued", "job.running"]
    assert [delivery.event.type for delivery in await store.pending_deliveries("late", 0, 10)] == ["job.running"]
    assert [delivery.created_at for delivery in await store.pending_deliveries("hook", 0, 10)] == [
        now,
        now + timedelta(minutes=1),
    ]


async def test_a_step_without_observation_keeps_the_last(
    store: Store, add: Add, step: MakeStep, commit: Commit
) -> None:
    """What was seen before is still the last that was seen."""
    (watch,) = await add("a")
    first = step(watch, State.RUNNING, facts=JobFacts(progress=50.0))
    await commit(first)
    await commit(Step(replace(first.watch, lost=True, version=first.watch.version + 1)))
    record = await record_of(store, watch.id)
    assert record.watch.lost
    assert record.observation == first.observation


async def test_each_event_goes_where_it_is_routed(store: Store, add: Add, step: MakeStep, now: datetime) -> None:
    """To several sinks, to none, and to each only once."""
    first, second = await add("a", "b")

    def route(event: Event) -> Sequence[str]:
        return ["hook", "other", "hook"] if event.ref == first.ref else []

    await store.commit([step(first), step(second)], (), route, now)
    for sink in ("hook", "other"):
        assert [it.event.subject for it in await store.pending_deliveries(sink, 0, 10)] == ["graph/a"]
    assert len(await told(store)) == 2


async def test_a_route_that_raises_leaves_nothing(store: Store, add: Add, step: MakeStep, now: datetime) -> None:
    """Neither the steps before the failure nor those after it are written."""
    first, second = await add("a", "b")

    def route(event: Event) -> Sequence[str]:
        if event.ref == second.ref:
            raise LookupError(event.id)
        return ["hook"]

    with pytest.raises(LookupError):
        await store.commit([step(first), step(second)], (), route, now)
    assert (await record_of(store, first.id)).watch == first
    assert await told(store) == []
    assert await store.backlog() == []


async def test_a_large_group_is_one_commit(store: Store, add: Add, step: MakeStep, commit: Commit) -> None:
    """More steps than fit into one statement, with an outdated one among them."""
    watches = await add(*(str(n) for n in range(1_201)))
    await commit(step(watches[700]))
    refused = await commit(*(step(watch, State.RUNNING) for watch in watches))
    assert refused == {watches[700].id}
    jobs = [job_of(delivery.event) for delivery in await store.pending_deliveries("hook", 0, 2_000)]
    assert jobs == ["700", *(str(n) for n in range(1_201) if n != 700)]


async def test_nothing_to_write_is_written_as_nothing(store: Store, now: datetime) -> None:
    """An empty commit is allowed."""
    assert await store.commit((), (), to_nobody, now) == (set(), [])


async def test_a_commit_returns_the_deliveries_that_it_made(
    store: Store, add: Add, step: MakeStep, now: datetime
) -> None:
    """In order and for every sink, just as they would be read; none for a step that was stale, or a stored event."""
    one, two, three = await add("a", "b", "c")
    await store.commit([step(two, State.RUNNING)], (), to_nobody, now)
    first = await store.commit([step(three, State.RUNNING)], (), to_nobody, now)
    assert first == (set(), [])
    committed = await store.commit([step(one), step(two), step(three)], (), lambda _: ["hook", "log"], now)
    assert set(committed.stale) == {two.id, three.id}
    pending = {sink: await store.pending_deliveries(sink, 0, 10) for sink in ("hook", "log")}
    assert [len(found) for found in pending.values()] == [1, 1]
    assert list(committed.deliveries) == [*pending["hook"], *pending["log"]]
