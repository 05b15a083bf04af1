"""Adding and removing watches while lanes poll."""

from typing import Any

import anyio
import pytest

from jobwatchd.engine.watchlist import Watchlist
from jobwatchd.errors import StoreBusy
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import DEFAULT_POLICY, Misfit, Origin
from jobwatchd.ports import Sighting
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import ScriptedSource
from unit.engine.file_watches import RUNNING, begin, name_job, scripted, spec, stored
from unit.engine.rig import Rig


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
