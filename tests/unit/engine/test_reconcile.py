"""Making the watches those of the configuration file, while lanes poll."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

import pytest

from jobwatchd.engine.watchlist import Reconciled, Watchlist
from jobwatchd.errors import StoreUnavailable
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.job import State
from jobwatchd.model.watch import Origin, Policy, Watch, WatchSpec
from jobwatchd.stores.memory import MemoryStore
from unit.engine.file_watches import begin, file, name_job, scripted, spec, stored
from unit.engine.rig import Rig


async def loaded(rig: Rig) -> list[Watch]:
    """Return all watches that the store holds, however many."""
    return [watch async for batch in rig.store.load_watches(None, None) for watch in batch]


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
