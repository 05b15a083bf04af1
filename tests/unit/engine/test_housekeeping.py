"""What is done from time to time."""

from datetime import datetime
from typing import Any

import pytest

from jobwatchd.engine.housekeeping import PRUNE_EVERY_S, ROUND_S, Housekeeping, Retention
from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.errors import SinkUnavailable, StoreUnavailable
from jobwatchd.model.event import EventFilter
from jobwatchd.ports import Pruned
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import RecordingSink
from unit.engine.rig import Rig

DAY_S = 86_400.0


class PruningStore(MemoryStore):
    """A memory store that has something to prune a few times, and notes what it was asked."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds
        self.asked: list[tuple[datetime, datetime]] = []

    async def prune(self, finished_before: datetime, events_before: datetime) -> Pruned:
        """Note the bounds; say that there was something while rounds are left."""
        self.asked.append((finished_before, events_before))
        self.rounds -= 1
        return Pruned(0, 1000) if self.rounds >= 0 else Pruned(0, 0)


def build(rig: Rig, retention: Retention | None = None) -> Housekeeping:
    """Return the housekeeping of a rig."""
    return Housekeeping(rig.runtime, retention or Retention(), rig.store, rig.dispatcher)


async def test_pruning_goes_on_until_nothing_is_left_and_is_repeated(rig: Rig) -> None:
    """Each round asks with bounds from the retention, until the store has nothing more; then it rests."""
    store = PruningStore(3)
    rig.use(store)
    started = rig.clock.now()
    async with rig.running(build(rig, Retention(7 * DAY_S, 30 * DAY_S)).run):
        await rig.clock.advance(PRUNE_EVERY_S - 1)
        assert len(store.asked) == 4
        assert {((started - a).days, (started - b).days) for a, b in store.asked} == {(7, 30)}
        assert [entry["events"] for entry in rig.log.entries] == [1000] * 3
        await rig.clock.advance(ROUND_S + 1)
        assert len(store.asked) == 5


async def test_the_backlog_of_every_sink_is_shown(rig: Rig) -> None:
    """How many wait, since when, and how many were given up; nothing waiting is 0, not yesterday's number."""
    sink = RecordingSink("hook", failures=[SinkUnavailable("refused")] * 1_000)
    await rig.commit_events("hook", "1:1", "2:1")
    committed_at = rig.clock.now().timestamp()
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(sink, EventFilter())], tasks)
        tasks.start_soon(build(rig).run)
        await rig.clock.advance(ROUND_S)
        assert rig.metric("jobwatchd_deliveries_pending", sink="hook") == 2
        assert rig.metric("jobwatchd_delivery_oldest_timestamp_seconds", sink="hook") == committed_at
        assert rig.metric("jobwatchd_dead_letters", sink="hook") == 0
        sink.failures.clear()
        await rig.clock.advance(120)
        assert len(sink.events) == 2
        assert rig.metric("jobwatchd_deliveries_pending", sink="hook") == 0
        assert rig.metric("jobwatchd_delivery_oldest_timestamp_seconds", sink="hook") == 0
        tasks.cancel_scope.cancel()


async def test_nothing_is_measured_of_a_sink_that_is_gone(rig: Rig) -> None:
    """An alert for its backlog would last as long as that is kept, though nobody can mend it; the status has it."""
    await rig.commit_events("old", "1:1")
    async with rig.running(build(rig).run):
        await rig.clock.advance(2 * ROUND_S)
        assert [each.pending for each in await rig.store.backlog()] == [1]
        assert rig.metric("jobwatchd_deliveries_pending", sink="old") is None


async def test_events_that_wait_for_an_unknown_sink_are_said_once(rig: Rig) -> None:
    """A sink taken out of the configuration with events pending is a thing to know, but not every five seconds."""
    await rig.commit_events("old", "1:1")
    async with rig.running(build(rig).run):
        await rig.clock.advance(60)

    assert [(entry["event"], entry["sink"]) for entry in rig.log.entries] == [("sink.unknown", "old")]


async def test_what_waits_for_an_unknown_sink_is_dropped_in_time(rig: Rig) -> None:
    """After as long as the retention says, so that its events can be pruned."""
    await rig.commit_events("old", "1:1")
    async with rig.running(build(rig, Retention(undeliverable_s=60.0)).run):
        await rig.clock.advance(59)
        assert [each.pending for each in await rig.store.backlog()] == [1]
        await rig.clock.advance(2 * ROUND_S)
        assert not [each for each in await rig.store.backlog() if each.pending]

    assert [entry["event"] for entry in rig.log.entries] == ["sink.unknown", "sink.dropped"]


async def test_housekeeping_has_a_pulse(rig: Rig) -> None:
    """While it goes its rounds it is well; a store that fails ends it."""

    class Broken(MemoryStore):
        """A store whose database is gone."""

        async def backlog(self) -> Any:
            """Fail."""
            raise StoreUnavailable("disk full")

    async with rig.running(build(rig).run):
        await rig.clock.advance(1000)
        assert rig.heartbeats.problems() == []
        assert rig.metric("jobwatchd_last_progress_timestamp_seconds", loop="housekeeping") is not None

    rig.use(Broken())
    with pytest.raises(StoreUnavailable):
        await build(rig).run()
