"""Adding, removing and reconciling watches while lanes poll."""

from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from jobwatchd.engine.watchlist import Watchlist
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.query import WatchQuery
from jobwatchd.model.transition import advance
from jobwatchd.model.watch import DEFAULT_POLICY, Misfit, Origin, Policy, Watch, WatchSpec
from jobwatchd.ports import Sighting
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import ScriptedSource

RUNNING = Observation(State.RUNNING, "1")


def name_job(source: str, job: Mapping[str, str], _policy: Policy) -> JobReference:
    """Name jobs of one source, by one parameter."""
    if source != "graph":
        raise Misfit("source", f"there is no source {source!r}")
    return JobReference.of(source, [job["job_id"]])


def spec(job: str, origin: Origin = Origin.FILE, **facts: Any) -> WatchSpec:
    """Return what the file, or somebody else, asks for."""
    return WatchSpec(JobReference.of("graph", [job]), origin=origin, **facts)


def scripted(*jobs: str) -> ScriptedSource:
    """Return a source where these jobs run for ever."""
    source = ScriptedSource("graph")
    for job in jobs:
        source.script(JobReference.of("graph", [job]), RUNNING)
    return source


@pytest.fixture
def watchlist(rig: Any) -> Watchlist:
    """Return a watchlist without a lane."""
    return Watchlist(rig.store, rig.clock, rig.logger, name_job)


async def stored(rig: Any) -> dict[str, Watch]:
    """Return what the store holds, by job."""
    return {record.watch.ref.job: record.watch for record in await rig.store.list_watches(WatchQuery())}


def test_a_reference_is_made_as_the_settings_say(watchlist: Watchlist):
    """What does not fit is told with the key that is wrong, and the reason."""
    assert watchlist.reference("graph", {"job_id": "7"}, DEFAULT_POLICY) == JobReference.of("graph", ["7"])
    with pytest.raises(Misfit, match="there is no source 'grape'") as misfit:
        watchlist.reference("grape", {"job_id": "7"}, DEFAULT_POLICY)
    assert misfit.value.key == "source"


async def test_an_added_watch_is_polled_at_once_and_adding_it_again_changes_nothing(rig: Any, watchlist: Watchlist):
    """The same job is one watch, and does not start anew."""
    async with rig.running() as tasks:
        await watchlist.open(await rig.lane(scripted("1")), [], tasks)
        await rig.clock.advance(5)
        ((watch, is_new),) = await watchlist.add([spec("1", Origin.API)])
        await rig.clock.advance(0.02)
        assert (is_new, await rig.events()) == (True, ["job.running"])
        polls = len(watchlist.lanes["graph"].source.polls)
        ((again, is_new),) = await watchlist.add([spec("1", Origin.API, labels={"team": "x"})])
        await rig.clock.advance(0.02)

    assert (again.id, is_new, again.labels) == (watch.id, False, {})
    assert len(watchlist.lanes["graph"].source.polls) == polls
    assert len(watchlist.lanes["graph"]) == 1


async def test_a_watch_of_a_source_without_a_lane_is_kept(rig: Any, watchlist: Watchlist):
    """It waits in the store until its source is configured."""
    ((watch, is_new),) = await watchlist.add([spec("1")])

    assert is_new
    assert (await rig.store.get_watch(watch.id)).watch == watch


async def test_a_removed_watch_is_polled_no_more(rig: Any, watchlist: Watchlist):
    """It is gone from lane and store; removing it again says that there is none."""
    async with rig.running() as tasks:
        await watchlist.open(await rig.lane(source := scripted("1")), [], tasks)
        ((watch, _),) = await watchlist.add([spec("1")])
        await rig.clock.advance(5)
        assert await watchlist.remove(watch.id)
        source.polls.clear()
        await rig.clock.advance(600)

    assert (source.polls, await stored(rig)) == ([], {})
    assert not await watchlist.remove(watch.id)


async def test_the_file_is_reconciled_with_the_store(rig: Any, watchlist: Watchlist):
    """New watches are added, those the file has no more are removed, and those of the API are left alone."""
    await watchlist.reconcile([spec("1"), spec("2")])
    await watchlist.add([spec("3", Origin.API)])
    before = await stored(rig)

    await watchlist.reconcile([spec("2"), spec("4")])

    after = await stored(rig)
    assert set(after) == {"2", "3", "4"}
    assert (after["2"], after["3"]) == (before["2"], before["3"])
    assert [(entry["event"], entry["job"]) for entry in rig.log.entries] == [("watch.removed", "graph/1")]


@pytest.mark.parametrize(
    "change", [{"labels": {"team": "search"}}, {"policy": Policy(deadline_s=60.0)}, {"origin": Origin.FILE}]
)
async def test_a_watch_that_the_file_changes_is_amended(rig: Any, watchlist: Watchlist, change: dict[str, Any]):
    """It keeps its id and what is remembered of the job, in the store and in its lane."""
    await watchlist.add([spec("1", Origin.API if "origin" in change else Origin.FILE)])
    before = (await stored(rig))["1"]
    async with rig.running() as tasks:
        await watchlist.open(await rig.lane(scripted("1")), [before], tasks)
        await rig.clock.advance(1)
        await watchlist.reconcile([spec("1", **change)])
        await rig.clock.advance(1)

    after = (await stored(rig))["1"]
    assert {name: getattr(after, name) for name in change} == change
    assert (after.id, after.state, after.sequence) == (before.id, State.RUNNING, 1)
    assert list(watchlist.lanes["graph"].watches()) == [after]


async def test_an_unchanged_file_writes_nothing(rig: Any, watchlist: Watchlist):
    """Reading the same configuration again neither amends a watch nor polls it out of turn."""
    specs = [spec("1", labels={"team": "search"}, policy=Policy(deadline_s=60.0))]
    await watchlist.reconcile(specs)
    before = await stored(rig)

    await watchlist.reconcile(specs)

    assert await stored(rig) == before


async def test_an_amendment_goes_on_top_of_a_poll_that_was_quicker(rig: Any):
    """What the poll wrote stays; a watch that was removed meanwhile is not brought back."""

    class RacingStore(MemoryStore):
        """A store in which something happens to the watches just before they are amended."""

        async def amend_watch(self, watch: Watch, spec: WatchSpec) -> Watch:
            """Let a poll, or a removal, be quicker, once."""
            if watch.version == 0:
                if watch.ref.job == "gone":
                    await self.remove_watches([watch.id])
                else:
                    await self.commit([advance(watch, RUNNING, rig.clock.now())], [], lambda _e: (), rig.clock.now())
            return await super().amend_watch(watch, spec)

    rig.use(RacingStore())
    watchlist = Watchlist(rig.store, rig.clock, rig.logger, name_job)
    await watchlist.reconcile([spec("1"), spec("gone")])
    await watchlist.reconcile([spec("1", labels={"a": "b"}), spec("gone", labels={"a": "b"})])

    watches = await stored(rig)
    assert set(watches) == {"1"}
    assert (watches["1"].state, watches["1"].labels) == (State.RUNNING, {"a": "b"})


async def test_a_lane_is_replaced_without_losing_a_watch(rig: Any, watchlist: Watchlist):
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
        await watchlist.open(await rig.lane(old), [], tasks)
        (_, _), (two, _) = await watchlist.add([spec("1"), spec("2")])
        await rig.clock.advance(1)
        tasks.start_soon(watchlist.halt, "graph")
        await rig.clock.advance(1)
        await watchlist.add([spec("3")])
        await watchlist.remove(two.id)
        go_on.set()
        await rig.clock.advance(1)
        await watchlist.open(await rig.lane(new), [], tasks)
        await rig.clock.advance(10)

    assert old.closed
    assert {watch.ref.job for watch in watchlist.lanes["graph"].watches()} == {"1", "3"}
    assert {ref.job for ref in new.polls} == {"1", "3"}
    assert sorted(event.subject for event in rig.told) == ["graph/1", "graph/3"]


async def test_a_closed_source_is_polled_no_more_and_its_watches_stay(rig: Any, watchlist: Watchlist):
    """They are there when the source is configured again."""
    async with rig.running() as tasks:
        await watchlist.open(await rig.lane(source := scripted("1")), [], tasks)
        await watchlist.add([spec("1")])
        await rig.clock.advance(1)
        await watchlist.close("graph")
        source.polls.clear()
        await rig.clock.advance(600)

    assert (source.closed, source.polls, dict(watchlist.lanes)) == (True, [], {})
    assert set(await stored(rig)) == {"1"}
