"""Group commit."""

from collections.abc import Sequence
from datetime import datetime

import anyio
import pytest

from jobwatchd.engine.commits import MAX_GROUP, Commits
from jobwatchd.errors import StoreUnusable
from jobwatchd.model.delivery import Committed
from jobwatchd.model.health import HealthStep, mark_recovered, mark_unreachable
from jobwatchd.model.job import Observation, State
from jobwatchd.model.transition import Step, advance
from jobwatchd.ports import Route
from jobwatchd.stores.memory import MemoryStore
from unit.engine.rig import Rig

RUNNING = Observation(State.RUNNING, "1")
DONE = Observation(State.SUCCEEDED, "2")


class Outcomes(list[bool]):
    """What steps have come to, in order."""

    def on_committed(self, *, is_written: bool) -> None:
        """Note whether a step was written."""
        self.append(is_written)


class WatchedStore(MemoryStore):
    """A memory store that counts, waits, and fails, as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[int] = []
        self.go_on = anyio.Event()
        self.go_on.set()
        self.broken = False

    async def commit(
        self, steps: Sequence[Step], health: Sequence[HealthStep], route: Route, now: datetime
    ) -> Committed:
        """Note the size of the group, wait, then write it or fail."""
        self.groups.append(len(steps) + len(health))
        await self.go_on.wait()
        if self.broken:
            raise StoreUnusable("disk full")
        return await super().commit(steps, health, route, now)


@pytest.fixture
def store(rig: Rig) -> WatchedStore:
    """Return the store that the rig now uses."""
    store = WatchedStore()
    rig.use(store)
    return store


async def test_steps_that_come_during_a_transaction_go_into_the_next_together(rig: Rig, store: WatchedStore) -> None:
    """A thousand polls that end at once cost a few transactions, in groups of a bounded size."""
    watches = await rig.add("graph", *map(str, range(MAX_GROUP + 100)))
    store.go_on = anyio.Event()
    results = Outcomes()
    async with rig.running():
        rig.commits.submit(advance(watches[0], RUNNING, rig.clock.now()), results)
        await rig.clock.advance(0)
        for watch in watches[1:]:
            rig.commits.submit(advance(watch, RUNNING, rig.clock.now()), results)
        await rig.clock.advance(0)
        assert (store.groups, results) == ([1], [])
        store.go_on.set()
        await rig.clock.advance(0)

    assert store.groups == [1, MAX_GROUP, 99]
    assert results == [True] * len(watches)
    assert [event.watch_id for event in rig.told] == [watch.id for watch in watches]


async def test_nobody_goes_on_before_the_step_is_written(rig: Rig, store: WatchedStore) -> None:
    """The one who submits hears of it after the transaction."""
    (watch,) = await rig.add("graph", "1")
    store.go_on = anyio.Event()
    went_on = Outcomes()
    rig.commits.submit(advance(watch, RUNNING, rig.clock.now()), went_on)
    async with rig.running():
        await rig.clock.advance(100)
        assert (went_on, rig.told) == ([], [])
        store.go_on.set()
        await rig.clock.advance(0)
        assert went_on == [True]


async def test_a_stale_step_is_not_written_and_not_told(rig: Rig) -> None:
    """Whoever decided on an old version is told so; the others in the group are not hurt."""
    one, two = await rig.add("graph", "1", "2")
    now = rig.clock.now()
    results = Outcomes()
    async with rig.running():
        for step in (advance(one, RUNNING, now), advance(one, DONE, now), advance(two, RUNNING, now)):
            rig.commits.submit(step, results)
        await rig.commits.flush()

    assert results == [True, True, False]
    assert await rig.events() == ["job.running", "job.running"]
    assert len(rig.told) == 2


async def test_two_steps_of_one_watch_are_never_in_one_group(rig: Rig, store: WatchedStore) -> None:
    """The second builds on the first, so it waits for the next transaction."""
    one, two = await rig.add("graph", "1", "2")
    first = advance(one, RUNNING, rig.clock.now())
    steps = [first, advance(first.watch, DONE, rig.clock.now()), advance(two, RUNNING, rig.clock.now())]
    results = Outcomes()
    for step in steps:
        rig.commits.submit(step, results)
    await rig.commits.flush()

    assert (store.groups, results) == ([2, 1], [True, True, True])
    assert [event.type for event in rig.told] == ["job.running", "job.running", "job.succeeded"]


async def test_a_source_that_recovers_at_once_is_told_both(rig: Rig) -> None:
    """Unreachable and recovered in the same moment are two transactions, and the health is that of the last."""
    health = await rig.store.load_source("graph", rig.clock.now())
    down = mark_unreachable(health, rig.clock.now(), rig.clock.now(), "refused")
    assert down is not None
    up = mark_recovered(down.health, rig.clock.now())
    assert up is not None
    rig.commits.submit(down)
    rig.commits.submit(up)
    await rig.commits.flush()

    assert await rig.events() == ["source.unreachable", "source.recovered"]
    assert await rig.store.load_source("graph", rig.clock.now()) == up.health


async def test_when_the_store_fails_the_loop_ends_and_nobody_goes_on(rig: Rig, store: WatchedStore) -> None:
    """No promise can be kept any more: the failure ends the process, and no poll takes its step for written."""
    (watch,) = await rig.add("graph", "1")
    store.broken = True
    went_on = Outcomes()
    rig.commits.submit(advance(watch, RUNNING, rig.clock.now()), went_on)
    with pytest.raises(ExceptionGroup) as failure:
        async with rig.running():
            await rig.clock.advance(10)

    assert failure.group_contains(StoreUnusable, match="disk full")
    assert (went_on, rig.told) == ([], [])


async def test_a_step_without_events_is_written_and_nothing_told(rig: Rig) -> None:
    """What is only remembered wakes no sink."""
    (watch,) = await rig.add("graph", "1")
    first = advance(watch, RUNNING, rig.clock.now())
    rig.commits.submit(first)
    await rig.commits.flush()
    rig.told.clear()
    rig.commits.submit(advance(first.watch, Observation(State.RUNNING, "1", group="g"), rig.clock.now()))
    await rig.commits.flush()

    assert ((await rig.stored(watch.id)).group, rig.told) == ("g", [])


async def test_steps_of_a_while_are_one_group(rig: Rig, store: WatchedStore) -> None:
    """The first waits for others, but not for longer than it was told."""
    watches = await rig.add("graph", "1", "2", "3")
    commits = Commits(rig.runtime, store, rig.dispatcher, 0.005)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(commits.run)
        for watch in watches:
            commits.submit(advance(watch, RUNNING, rig.clock.now()))
            await rig.clock.advance(0.002)
        assert store.groups == [3]
        tasks.cancel_scope.cancel()
