"""All sinks together."""

from collections.abc import Sequence

import anyio
import pytest

from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.errors import SinkGone, SinkRejected, SinkUnavailable
from jobwatchd.model.delivery import Attempt, Retry, SinkCondition, SinkState
from jobwatchd.model.event import Event, EventFilter, EventType
from jobwatchd.model.job import Observation, State
from jobwatchd.model.query import DeadLetterQuery
from jobwatchd.model.transition import advance
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import START, RecordingSink
from unit.engine.rig import Rig

ALL = EventFilter()
FAILED = Event("id", EventType.JOB_FAILED, "graph", 1, START)


class HeldSink(RecordingSink):
    """A sink that takes nothing until it is let."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.go_on = anyio.Event()
        self.begun = 0

    async def send(self, event: Event) -> None:
        """Wait, then take it."""
        self.begun += 1
        await self.go_on.wait()
        await super().send(event)


async def move(rig: Rig, *jobs: str) -> None:
    """Have jobs seen running, in one commit each."""
    for watch in await rig.add("graph", *jobs):
        rig.commits.submit(advance(watch, Observation(State.RUNNING, "1"), rig.clock.now()))
        await rig.commits.flush()


async def test_an_event_is_routed_to_the_durable_sinks_that_want_it(rig: Rig) -> None:
    """Filters decide, and a sink that is not durable has nothing kept for it."""
    async with rig.running() as tasks:
        await rig.dispatcher.open(
            [
                SinkBinding(RecordingSink("all"), ALL),
                SinkBinding(RecordingSink("ends"), EventFilter(types=("job.failed",))),
                SinkBinding(RecordingSink("tasks"), EventFilter(types=("task.*",))),
                SinkBinding(RecordingSink("log", durable=False), ALL),
            ],
            tasks,
        )

        assert list(rig.dispatcher.route(FAILED)) == ["all", "ends"]
        assert set(rig.dispatcher.names) == {"all", "ends", "tasks", "log"}


async def test_committed_events_reach_every_sink_at_once(rig: Rig) -> None:
    """Durable sinks are woken by the commit, the others are handed the event within it."""
    hook, log, picky = RecordingSink("hook"), RecordingSink("log", durable=False), RecordingSink("picky", durable=False)
    async with rig.running() as tasks:
        await rig.dispatcher.open(
            [SinkBinding(hook, ALL), SinkBinding(log, ALL), SinkBinding(picky, EventFilter(sources=("up",)))], tasks
        )
        await rig.clock.advance(1)
        await move(rig, "1", "2")
        await rig.clock.advance(0)

    assert [len(sink.events) for sink in (hook, log, picky)] == [2, 2, 0]
    assert rig.metric("jobwatchd_deliveries_total", sink="log") == 2


async def test_a_slow_sink_delays_no_other_and_no_commit(rig: Rig) -> None:
    """While one receiver hangs, polls are written and the other receiver gets its events."""
    slow, quick = HeldSink("slow"), RecordingSink("quick")
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(slow, ALL), SinkBinding(quick, ALL)], tasks)
        for number in range(20):
            await move(rig, str(number))
        await rig.clock.advance(1)

        assert (len(slow.events), len(quick.events)) == (0, 20)


async def test_a_failing_log_is_counted_and_stops_nobody(rig: Rig) -> None:
    """What a sink that is not durable does not take is lost to it, said, and counted."""
    log = RecordingSink("log", durable=False, failures=[SinkUnavailable("disk full")])
    hook = RecordingSink("hook")
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(log, ALL), SinkBinding(hook, ALL)], tasks)
        await move(rig, "1", "2")
        await rig.clock.advance(1)

    assert (len(log.events), len(hook.events)) == (1, 2)
    assert rig.metric("jobwatchd_deliveries_failed_total", sink="log", reason="unavailable") == 1
    assert [entry["event"] for entry in rig.log.entries] == ["delivery.lost"]


async def test_a_replaced_sink_gets_what_either_filter_wants_until_the_watches_have_changed_too(rig: Rig) -> None:
    """A label that is renamed in filter and watches at once would match neither, in one of them before the other."""
    old, new = RecordingSink("hook"), RecordingSink("hook")
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(old, EventFilter(sources=("graph",)))], tasks)
        await rig.dispatcher.open([SinkBinding(new, EventFilter(sources=("renamed",)))], tasks)
        await move(rig, "1")
        await rig.clock.advance(1)
        assert [event.source for event in new.events] == ["graph"]
        await rig.dispatcher.settle([])
        await move(rig, "2")
        await rig.clock.advance(1)

    assert [event.source for event in new.events] == ["graph"]


async def test_a_sink_is_replaced_without_loss_or_doubling(rig: Rig) -> None:
    """The old one finishes what it has in hand, its successor takes up the rest; the log is exchanged as well."""
    old, new = HeldSink("hook"), RecordingSink("hook")
    logs = RecordingSink("log", durable=False), RecordingSink("log", durable=False)
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(old, ALL, concurrency=2), SinkBinding(logs[0], ALL)], tasks)
        await move(rig, *map(str, range(10)))
        await rig.clock.advance(0.1)
        tasks.start_soon(rig.dispatcher.open, [SinkBinding(new, ALL), SinkBinding(logs[1], ALL)], tasks)
        await rig.clock.advance(1)
        assert (old.begun, old.closed, new.events) == (2, False, [])
        await move(rig, "10")  # committed in between
        old.go_on.set()
        await rig.clock.advance(1)

    assert old.closed
    assert logs[0].closed
    assert (len(old.events), len(new.events)) == (2, 9)
    assert len({event.id for event in old.events + new.events}) == 11
    assert [len(log.events) for log in logs] == [10, 1]


async def test_a_successor_waits_until_it_is_written_what_was_taken(rig: Rig) -> None:
    """What the old one has sent is still pending in the store until then, and would be sent again."""
    write_on = anyio.Event()

    class Slow(MemoryStore):
        """A store that writes records when it is let."""

        async def record_attempts(self, attempts: Sequence[Attempt]) -> None:
            """Wait, then write."""
            await write_on.wait()
            await super().record_attempts(attempts)

    rig.use(Slow())
    old, new = RecordingSink("hook"), RecordingSink("hook")
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(old, ALL)], tasks)
        await move(rig, "1", "2")
        await rig.clock.advance(1)
        tasks.start_soon(rig.dispatcher.open, [SinkBinding(new, ALL)], tasks)
        await rig.clock.advance(1)
        write_on.set()
        await rig.clock.advance(60)

    assert (len(old.events), len(new.events)) == (2, 0)


async def test_a_closed_sink_is_routed_nothing_and_its_pending_events_stay(rig: Rig) -> None:
    """What it had not taken waits in the store for its return."""
    hook = HeldSink("hook")
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(hook, ALL, concurrency=1)], tasks)
        await move(rig, "1", "2")
        await rig.clock.advance(1)
        hook.go_on.set()
        await rig.dispatcher.close(["hook"])

        assert hook.closed
        assert list(rig.dispatcher.route(FAILED)) == []
        assert len(await rig.store.pending_deliveries("hook", 0, 9)) == 2 - len(hook.events)
        assert rig.heartbeats.problems() == []


async def test_draining_waits_for_every_durable_sink(rig: Rig) -> None:
    """It returns when the slowest was tried with all it has."""
    slow, quick = HeldSink("slow"), RecordingSink("quick")
    drained = []

    async def drain() -> None:
        await rig.dispatcher.drain()
        drained.append((len(slow.events), len(quick.events)))

    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(slow, ALL), SinkBinding(quick, ALL)], tasks)
        await move(rig, "1", "2")
        tasks.start_soon(drain)
        await rig.clock.advance(10)
        assert drained == []
        slow.go_on.set()
        await rig.clock.advance(1)

    assert drained == [(2, 2)]


async def test_sinks_are_shown_and_enabled_by_name(rig: Rig) -> None:
    """Whatever kind they are; nobody else is known."""
    gone = RecordingSink("gone", failures=[SinkGone("HTTP 410")])
    async with rig.running() as tasks:
        await rig.dispatcher.open(
            [SinkBinding(gone, ALL), SinkBinding(RecordingSink("log", durable=False), ALL)], tasks
        )
        await move(rig, "1")
        await rig.clock.advance(1)
        off = SinkState("gone", SinkCondition.DISABLED, START, "HTTP 410")
        assert list(rig.dispatcher.states()) == [off, SinkState("log")]
        assert [rig.dispatcher.enable(name) for name in ("gone", "gone", "log")] == [True, False, False]
        await rig.clock.advance(0)
        assert list(rig.dispatcher.states()) == [SinkState("gone"), SinkState("log")]
        with pytest.raises(KeyError):
            rig.dispatcher.enable("other")

    assert len(gone.events) == 1


async def test_what_was_replayed_is_found_at_once(rig: Rig) -> None:
    """Every loop looks from the beginning when it is told that something is pending again."""
    retry = Retry(rejections=1, rejections_for_s=0.0)
    hook = RecordingSink("hook", failures=[SinkRejected("HTTP 400")])
    async with rig.running() as tasks:
        await rig.dispatcher.open([SinkBinding(hook, ALL, retry)], tasks)
        await move(rig, "1")
        await rig.clock.advance(1)
        await rig.store.replay(DeadLetterQuery(), rig.clock.now())
        rig.dispatcher.rescan()
        await rig.clock.advance(0)

    assert len(hook.events) == 1
