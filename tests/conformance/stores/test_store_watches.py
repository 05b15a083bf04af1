"""Adding, amending, removing and finding watches, in every store."""

from dataclasses import replace
from datetime import datetime, timedelta

from conformance.stores.makings import Add, Commit, MakeSpec, MakeStep, record_of
from jobwatchd.model.job import JobReference, State
from jobwatchd.model.query import EventQuery
from jobwatchd.model.watch import Origin, Policy, WatchRecord
from jobwatchd.ports import Store


async def test_add_tells_per_spec_whether_it_is_new(store: Store, spec: MakeSpec, add: Add, now: datetime) -> None:
    """The answer has the order of the specs, and says which jobs were not watched before."""
    (known,) = await add("b")
    added = await store.add_watches([spec("a"), spec("b"), spec("c")], now)
    assert [(watch.ref.job, new) for watch, new in added] == [("a", True), ("b", False), ("c", True)]
    assert added[1][0] == known


async def test_add_keeps_a_known_watch_unchanged(store: Store, spec: MakeSpec, add: Add, now: datetime) -> None:
    """Labels and policy of a later spec do not touch the watch."""
    (known,) = await add("a", labels={"team": "one"}, policy=Policy(deadline_s=60.0))
    later = spec("a", labels={"team": "two"}, policy=Policy(silent_start=True), origin=Origin.FILE)
    [(watch, new)] = await store.add_watches([later], now + timedelta(hours=1))
    assert (watch, new) == (known, False)


async def test_the_same_job_twice_is_one_watch(store: Store, spec: MakeSpec, now: datetime) -> None:
    """Only its first mention is new, and only that one's labels count."""
    added = await store.add_watches([spec("a", labels={"n": "1"}), spec("a", labels={"n": "2"})], now)
    assert [new for _, new in added] == [True, False]
    assert added[0][0] == added[1][0]
    assert added[0][0].labels == {"n": "1"}


async def test_jobs_of_different_sources_are_different(store: Store, spec: MakeSpec, now: datetime) -> None:
    """The same parameters under two sources are two watches."""
    added = await store.add_watches([spec("1", source="graph"), spec("1", source="media")], now)
    assert [new for _, new in added] == [True, True]


async def test_what_was_added_is_found_as_it_was(store: Store, add: Add, spec: MakeSpec) -> None:
    """Every field of a watch survives, microseconds and odd characters too."""
    policy = Policy(deadline_s=3600.5, min_interval_s=0.25, max_interval_s=9.0, silent_start=True)
    labels = {"team": "grüße", 'q"\\': "a,b:c"}
    (watch,) = await add("d290/e3%20c", labels=labels, policy=policy, origin=Origin.FILE)
    assert watch.overdue_at == watch.created_at + timedelta(seconds=3600.5)
    assert await store.find_watch(JobReference("graph", "d290/e3%20c")) == WatchRecord(watch, None)
    assert await store.get_watch(watch.id) == WatchRecord(watch, None)


async def test_unknown_watches_are_none(store: Store, add: Add) -> None:
    """Neither an unknown id nor an unknown job is an error."""
    await add("a")
    assert await store.get_watch(99) is None
    assert await store.find_watch(JobReference("graph", "b")) is None


async def test_many_specs_are_added_in_one_call(store: Store, spec: MakeSpec, now: datetime) -> None:
    """More than fit into one statement, partly known."""
    await store.add_watches([spec(str(n)) for n in range(0, 1_300, 2)], now)
    added = await store.add_watches([spec(str(n)) for n in range(1_300)], now)
    assert [watch.ref.job for watch, _ in added] == [str(n) for n in range(1_300)]
    assert [new for _, new in added] == [n % 2 == 1 for n in range(1_300)]
    assert len({watch.id for watch, _ in added}) == 1_300


async def test_an_amended_watch_keeps_what_is_remembered(
    store: Store, add: Add, spec: MakeSpec, step: MakeStep, commit: Commit
) -> None:
    """Labels, policy, origin and version change; state and observation stay."""
    (watch,) = await add("a", labels={"team": "one"})
    running = step(watch, State.RUNNING)
    await commit(running)
    wanted = spec("a", labels={"team": "two"}, policy=Policy(min_interval_s=5.0), origin=Origin.FILE)
    [amended] = await store.amend_watches([(running.watch, wanted)])
    assert amended == replace(
        running.watch,
        labels={"team": "two"},
        policy=Policy(min_interval_s=5.0),
        origin=Origin.FILE,
        version=running.watch.version + 1,
    )
    assert await store.get_watch(watch.id) == WatchRecord(amended, running.observation)


async def test_a_changed_deadline_counts_from_creation(store: Store, add: Add, spec: MakeSpec) -> None:
    """Not from the moment of the change; without a deadline nothing is overdue."""
    (watch,) = await add("a", policy=Policy(deadline_s=60.0))
    [amended] = await store.amend_watches([(watch, spec("a", policy=Policy(deadline_s=90.0)))])
    assert amended.overdue_at == watch.created_at + timedelta(seconds=90)
    [freed] = await store.amend_watches([(amended, spec("a"))])
    assert freed.overdue_at is None
    assert (await record_of(store, watch.id)).watch == freed


async def test_an_unchanged_deadline_that_was_told_stays_told(
    store: Store, add: Add, spec: MakeSpec, commit: Commit, step: MakeStep
) -> None:
    """Amending labels does not make the same deadline pass twice."""
    (watch,) = await add("a", policy=Policy(deadline_s=60.0))
    late = step(watch, State.RUNNING, after_s=61)
    assert late.watch.overdue_at is None
    await commit(late)
    wanted = spec("a", labels={"x": "y"}, policy=Policy(deadline_s=60.0))
    [amended] = await store.amend_watches([(late.watch, wanted)])
    assert amended.overdue_at is None


async def test_an_amendment_goes_on_top_of_what_was_written_since(
    store: Store, add: Add, spec: MakeSpec, step: MakeStep, commit: Commit
) -> None:
    """The state that a poll has written since the watch was loaded stays, and its version is counted on."""
    first, second = await add("a", "b")
    moved = step(first, State.RUNNING)
    await commit(moved)
    amended = await store.amend_watches([(first, spec("a", labels={"x": "y"})), (second, spec("b", labels={"x": "z"}))])
    assert amended[0] == replace(moved.watch, labels={"x": "y"}, version=moved.watch.version + 1)
    assert amended[1] == replace(second, labels={"x": "z"}, version=second.version + 1)
    assert await store.get_watch(first.id) == WatchRecord(amended[0], moved.observation)


async def test_a_step_of_before_an_amendment_is_stale(
    store: Store, add: Add, spec: MakeSpec, step: MakeStep, commit: Commit
) -> None:
    """It was decided on labels and a deadline that are no more."""
    (watch,) = await add("a")
    [amended] = await store.amend_watches([(watch, spec("a", labels={"x": "y"}))])
    assert await commit(step(watch, State.RUNNING)) == {watch.id}
    assert await commit(step(amended, State.RUNNING)) == set()


async def test_what_is_gone_cannot_be_amended(store: Store, add: Add, spec: MakeSpec) -> None:
    """The others are, and it does not come back."""
    gone, kept = await add("a", "b")
    await store.remove_watches([gone.id])
    wanted = [(gone, spec("a", labels={"x": "y"})), (kept, spec("b", labels={"x": "y"}))]
    assert [watch.ref.job for watch in await store.amend_watches(wanted)] == ["b"]
    assert await store.find_watch(gone.ref) is None
    assert await store.amend_watches([]) == []


async def test_many_watches_are_amended_in_one_call(store: Store, add: Add, spec: MakeSpec) -> None:
    """More than fit into one statement, in the order that was asked for."""
    watches = await add(*(str(n) for n in range(1_300)))
    wanted = [(watch, spec(watch.ref.job, labels={"n": watch.ref.job})) for watch in reversed(watches)]
    amended = await store.amend_watches(wanted)
    assert [watch.labels["n"] for watch in amended] == [str(n) for n in reversed(range(1_300))]
    assert [(await record_of(store, watch.id)).watch for watch in amended[::100]] == list(amended[::100])


async def test_remove_returns_the_ids_that_were_there(store: Store, add: Add) -> None:
    """Removing is idempotent, and touches no other watch."""
    first, second, third = await add("a", "b", "c")
    assert set(await store.remove_watches([first.id, third.id, 99])) == {first.id, third.id}
    assert set(await store.remove_watches([first.id, third.id])) == set()
    assert await store.find_watch(first.ref) is None
    assert await store.get_watch(second.id) is not None


async def test_events_of_a_removed_watch_stay(store: Store, add: Add, step: MakeStep, commit: Commit) -> None:
    """What was told and what is still to be delivered outlives the watch."""
    (watch,) = await add("a")
    await commit(step(watch))
    await store.remove_watches([watch.id])
    assert len(await store.list_events(EventQuery(watch_id=watch.id))) == 1
    assert len(await store.pending_deliveries("hook", 0, 10)) == 1


async def test_an_id_never_comes_back(store: Store, add: Add) -> None:
    """Not even that of the newest watch: event ids are made from it."""
    *_, newest = await add("a", "b")
    await store.remove_watches([newest.id])
    (again,) = await add("b")
    assert again.id > newest.id
