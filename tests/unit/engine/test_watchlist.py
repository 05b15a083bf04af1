"""Adding, removing and reconciling watches while lanes poll."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import anyio
import pytest
from anyio.abc import TaskGroup

from jobwatchd.engine.lane import Lane
from jobwatchd.engine.watchlist import Reconciled, Watchlist
from jobwatchd.errors import StoreBusy, StoreUnavailable
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.query import WatchQuery
from jobwatchd.model.watch import DEFAULT_POLICY, NO_LABELS, Misfit, Origin, Policy, Watch, WatchSpec
from jobwatchd.ports import Sighting
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import ScriptedSource
from unit.engine.rig import Rig

RUNNING = Observation(State.RUNNING, "1")


def name_job(source: str, job: Mapping[str, str], _policy: Policy) -> JobReference:
    """Name jobs of one source, by one parameter."""
    if source != "graph":
        raise Misfit("source", f"there is no source {source!r}")
    return JobReference.of(source, [job["job_id"]])


def spec(
    job: str,
    origin: Origin = Origin.FILE,
    *,
    labels: Mapping[str, str] = NO_LABELS,
    policy: Policy = DEFAULT_POLICY,
) -> WatchSpec:
    """Return what the file, or somebody else, asks for."""
    return WatchSpec(JobReference.of("graph", [job]), labels, policy, origin)


def file(*specs: WatchSpec) -> dict[JobReference, WatchSpec]:
    """Return the watches of a configuration file."""
    return {each.ref: each for each in specs}


async def begin(watchlist: Watchlist, lane: Lane, watches: Sequence[Watch], tasks: TaskGroup) -> None:
    """Have a lane poll these watches."""
    await watchlist.place(lane)
    lane.add(watches, spread=True)
    watchlist.start(lane.source.name, tasks)


def scripted(*jobs: str) -> ScriptedSource:
    """Return a source where these jobs run for ever."""
    source = ScriptedSource("graph")
    for job in jobs:
        source.script(JobReference.of("graph", [job]), RUNNING)
    return source


@pytest.fixture
def watchlist(rig: Rig) -> Watchlist:
    """Return a watchlist without a lane."""
    return Watchlist(rig.store, rig.clock, name_job)


async def stored(rig: Rig) -> dict[str, Watch]:
    """Return what the store holds, by job."""
    return {record.watch.ref.job: record.watch for record in await rig.store.list_watches(WatchQuery())}


async def loaded(rig: Rig) -> list[Watch]:
    """Return all watches that the store holds, however many."""
    return [watch async for batch in rig.store.load_watches(None, None) for watch in batch]


def test_a_reference_is_made_as_the_settings_say(watchlist: Watchlist) -> None:
    """What does not fit is told with the key that is wrong, and the reason."""
    assert watchlist.reference("graph", {"job_id": "7"}, DEFAULT_POLICY) == JobReference.of("graph", ["7"])
    with pytest.raises(Misfit, match="there is no source 'grape'") as misfit:
        watchlist.reference("grape", {"job_id": "7"}, DEFAULT_POLICY)
    assert misfit.value.key == "source"


async def test_an_added_watch_is_polled_at_once_and_adding_it_again_changes_nothing(
    rig: Rig, watchlist: Watchlist
) -> None:
    """The same job is one watch, and does not start anew."""
    async with rig.running() as tasks:
        await begin(watchlist, await rig.lane(source := scripted("1")), [], tasks)
        await rig.clock.advance(5)
        ((watch, is_new),) = await watchlist.add([spec("1", Origin.API)])
        await rig.clock.advance(0.02)
        assert (is_new, await rig.events()) == (True, ["job.running"])
        polls = len(source.polls)
        ((again, is_new),) = await watchlist.add([spec("1", Origin.API, labels={"team": "x"})])
        await rig.clock.advance(0.02)

    assert (again.id, is_new, again.labels) == (watch.id, False, {})
    assert len(source.polls) == polls
    assert len(watchlist.lanes["graph"]) == 1


async def test_a_watch_of_a_source_without_a_lane_is_kept(rig: Rig, watchlist: Watchlist) -> None:
    """It waits in the store until its source is configured."""
    ((watch, is_new),) = await watchlist.add([spec("1")])

    assert is_new
    assert await rig.stored(watch.id) == watch


async def test_a_removed_watch_is_polled_no_more(rig: Rig, watchlist: Watchlist) -> None:
    """It is gone from lane and store; removing it again says that there is none."""
    async with rig.running() as tasks:
        await begin(watchlist, await rig.lane(source := scripted("1")), [], tasks)
        ((watch, _),) = await watchlist.add([spec("1")])
        await rig.clock.advance(5)
        assert await watchlist.remove(watch.id)
        source.polls.clear()
        await rig.clock.advance(600)

    assert (source.polls, await stored(rig)) == ([], {})
    assert not await watchlist.remove(watch.id)


async def test_the_file_is_reconciled_with_the_store(rig: Rig, watchlist: Watchlist) -> None:
    """New watches are added, those the file has no more are removed, and those of the API are left alone."""
    await watchlist.reconcile(file(spec("1"), spec("2")))
    await watchlist.add([spec("3", Origin.API)])
    before = await stored(rig)

    done = await watchlist.reconcile(file(spec("2"), spec("4")))

    after = await stored(rig)
    assert set(after) == {"2", "3", "4"}
    assert (after["2"], after["3"]) == (before["2"], before["3"])
    assert done == Reconciled(added=1, amended=0, removed=1, gone=["graph/1"])


@pytest.mark.parametrize(
    ("was", "wanted"),
    [
        (spec("1"), spec("1", labels={"team": "search"})),
        (spec("1"), spec("1", policy=Policy(deadline_s=60.0))),
        (spec("1", Origin.API), spec("1")),
    ],
)
async def test_a_watch_that_the_file_changes_is_amended(
    rig: Rig, watchlist: Watchlist, was: WatchSpec, wanted: WatchSpec
) -> None:
    """It keeps its id and what is remembered of the job, in the store and in its lane."""
    await watchlist.add([was])
    before = (await stored(rig))["1"]
    async with rig.running() as tasks:
        await begin(watchlist, await rig.lane(scripted("1")), [before], tasks)
        await rig.clock.advance(1)
        await watchlist.reconcile(file(wanted))
        await rig.clock.advance(1)

    after = (await stored(rig))["1"]
    assert (after.labels, after.policy, after.origin) == (wanted.labels, wanted.policy, wanted.origin)
    assert (after.id, after.state, after.sequence) == (before.id, State.RUNNING, 1)
    assert list(watchlist.lanes["graph"].watches()) == [after]


class CountingStore(MemoryStore):
    """A store that counts the transactions in which watches are written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: Counter[str] = Counter()

    async def add_watches(self, specs: Sequence[WatchSpec], now: datetime) -> Sequence[tuple[Watch, bool]]:
        """Count, and add."""
        self.written["add"] += 1
        return await super().add_watches(specs, now)

    async def amend_watches(self, changes: Sequence[tuple[Watch, WatchSpec]]) -> Sequence[Watch]:
        """Count, and amend."""
        self.written["amend"] += 1
        return await super().amend_watches(changes)

    async def remove_watches(self, ids: Collection[int]) -> Collection[int]:
        """Count, and remove."""
        self.written["remove"] += 1
        return await super().remove_watches(ids)


@pytest.fixture
def store(rig: Rig) -> CountingStore:
    """Return a store that counts, which the rig now uses."""
    store = CountingStore()
    rig.use(store)
    return store


async def test_an_unchanged_file_writes_nothing(rig: Rig, store: CountingStore, watchlist: Watchlist) -> None:
    """Reading the same configuration again neither writes a watch nor polls it out of turn."""
    specs = file(spec("1", labels={"team": "search"}, policy=Policy(deadline_s=60.0)), spec("2"))
    await watchlist.reconcile(specs)
    before = await stored(rig)
    store.written.clear()

    assert await watchlist.reconcile(specs) == Reconciled()

    assert await stored(rig) == before
    assert store.written == {}


async def test_many_watches_take_few_transactions(rig: Rig, store: CountingStore, watchlist: Watchlist) -> None:
    """Whether they come, change or go: one transaction for hundreds."""
    jobs = [str(number) for number in range(2_200)]
    assert (await watchlist.reconcile(file(*map(spec, jobs)))).added == 2_200
    assert store.written == {"add": 3}
    store.written.clear()
    changed = [spec(job, labels={"team": "search"}) for job in jobs]
    assert (await watchlist.reconcile(file(*changed))).amended == 2_200
    assert store.written == {"amend": 3}
    store.written.clear()
    done = await watchlist.reconcile(file(*changed[:100]))
    assert (done.removed, len(done.gone)) == (2_100, 20)
    assert store.written == {"remove": 3}


async def test_other_labels_cost_no_poll(rig: Rig, watchlist: Watchlist) -> None:
    """A reload that gives all watches new labels asks the source nothing, and moves no watch's turn."""
    jobs = [str(number) for number in range(1_000)]
    source = scripted(*jobs)
    async with rig.running() as tasks:
        await begin(watchlist, await rig.lane(source, cadence=Cadence(fixed_interval_s=600.0, jitter=0.0)), [], tasks)
        await watchlist.reconcile(file(*map(spec, jobs)))
        await rig.clock.advance(300)
        assert len(source.polls) == 1_000
        await watchlist.reconcile(file(*(spec(job, labels={"team": "search"}) for job in jobs)))
        await rig.clock.advance(299)
        assert len(source.polls) == 1_000
        await rig.clock.advance(2)
        assert len(source.polls) == 2_000

    assert {watch.labels["team"] for watch in watchlist.lanes["graph"].watches()} == {"search"}


async def test_a_reconciliation_that_failed_can_be_begun_again(rig: Rig) -> None:
    """What was written before the store failed is left as it is, the rest follows."""

    class Failing(MemoryStore):
        """A store that fails at the second amendment."""

        amendments = 0

        async def amend_watches(self, changes: Sequence[tuple[Watch, WatchSpec]]) -> Sequence[Watch]:
            """Fail, once."""
            self.amendments += 1
            if self.amendments == 2:
                raise StoreUnavailable("the disk is full")
            return await super().amend_watches(changes)

    rig.use(Failing())
    watchlist = Watchlist(rig.store, rig.clock, name_job)
    jobs = [str(number) for number in range(2_000)]
    await watchlist.reconcile(file(*map(spec, jobs)))
    wanted = file(*(spec(job, labels={"team": "search"}) for job in jobs))
    with pytest.raises(StoreUnavailable):
        await watchlist.reconcile(wanted)
    assert (await watchlist.reconcile(wanted)).amended == 1_000
    assert {watch.labels["team"] for watch in await loaded(rig)} == {"search"}


async def test_a_lane_is_replaced_without_losing_a_watch(rig: Rig, watchlist: Watchlist) -> None:
    """While the old lane waits for a poll under way, one watch is added and one removed: the new one knows both."""
    go_on = anyio.Event()

    class Slow(ScriptedSource):
        """A source that answers when it is let."""

        async def observe(self, ref: JobReference, digest: int) -> Sighting:
            """Wait, then answer."""
            await go_on.wait()
            return await super().observe(ref, digest)

    old, new = Slow("graph"), scripted("1", "2", "3")
    old.script(JobReference.of("graph", ["1"]), RUNNING)
    async with rig.running() as tasks:
        await begin(watchlist, await rig.lane(old), [], tasks)
        (_, _), (two, _) = await watchlist.add([spec("1"), spec("2")])
        await rig.clock.advance(1)
        tasks.start_soon(watchlist.halt, "graph")
        await rig.clock.advance(1)
        await watchlist.add([spec("3")])
        await watchlist.remove(two.id)
        go_on.set()
        await rig.clock.advance(1)
        await begin(watchlist, await rig.lane(new), [], tasks)
        await rig.clock.advance(10)

    assert old.closed
    assert {watch.ref.job for watch in watchlist.lanes["graph"].watches()} == {"1", "3"}
    assert {ref.job for ref in new.polls} == {"1", "3"}
    assert sorted(event.subject for event in rig.told) == ["graph/1", "graph/3"]


async def test_a_closed_source_is_polled_no_more_and_its_watches_stay(rig: Rig, watchlist: Watchlist) -> None:
    """They are there when the source is configured again."""
    async with rig.running() as tasks:
        await begin(watchlist, await rig.lane(source := scripted("1")), [], tasks)
        await watchlist.add([spec("1")])
        await rig.clock.advance(1)
        await watchlist.close("graph")
        source.polls.clear()
        await rig.clock.advance(600)

    assert (source.closed, source.polls, dict(watchlist.lanes)) == (True, [], {})
    assert set(await stored(rig)) == {"1"}


async def test_a_watch_that_nobody_polls_is_polled_when_it_is_added_again(rig: Rig, watchlist: Watchlist) -> None:
    """A call that seemed to fail may have added it; whoever asks again gets what was asked for."""
    async with rig.running() as tasks:
        await begin(watchlist, await rig.lane(scripted("1")), [], tasks)
        await rig.store.add_watches([spec("1", Origin.API)], rig.clock.now())
        ((_, is_new),) = await watchlist.add([spec("1", Origin.API)])
        await rig.clock.advance(0.02)
        assert (is_new, await rig.events()) == (False, ["job.running"])


async def test_a_watch_that_cannot_be_removed_is_polled_on(rig: Rig, watchlist: Watchlist) -> None:
    """The store says no for now; the watch is still there, and its job is still followed."""

    class Locked(MemoryStore):
        """A store where nothing can be removed."""

        async def remove_watches(self, ids: object) -> Any:
            """Fail."""
            raise StoreBusy(f"locked: {ids}")

    rig.use(Locked())
    watchlist = Watchlist(rig.store, rig.clock, name_job)
    async with rig.running() as tasks:
        await begin(watchlist, await rig.lane(source := scripted("1")), [], tasks)
        ((watch, _),) = await watchlist.add([spec("1", Origin.API)])
        with pytest.raises(StoreBusy):
            await watchlist.remove(watch.id)
        await rig.clock.advance(60)
        assert len(source.polls) > 3
