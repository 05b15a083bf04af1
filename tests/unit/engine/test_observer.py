"""What an observer of the engine is told; this one counts what begins and what ends, as one that traces would."""

# ruff: noqa: D102 - `engine.observer` says what each is told
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import anyio

from jobwatchd.engine.heartbeats import Heartbeats
from jobwatchd.engine.runtime import LanePolicy, Runtime, SinkBinding
from jobwatchd.errors import SinkError, SinkUnavailable, SourceError, SourceUnavailable, StoreError
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.event import Event, EventFilter
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.watch import WatchSpec
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import FakeClock, RecordingSink, ScriptedSource
from jobwatchd.wiring.engine import build_engine
from unit.engine.rig import Rig

RUNNING = Observation(State.RUNNING, "1", group="nightly")
DONE = Observation(State.SUCCEEDED, "2", group="nightly")


class Spans:
    """Counts spans by what they are of and how they ended; implements all that `engine.observer` has."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.committed_types: list[str] = []
        self.counts: dict[str, int] = {}
        self.loops: set[str] = set()

    def _begin(self, what: str) -> None:
        self.open[what] += 1

    def _end(self, what: str, how: str) -> None:
        assert self.open[what] > 0, f"{what} ended, and had not begun"
        self.open[what] -= 1
        self.ended[f"{what} {how}"] += 1

    def source(self, _name: str) -> "Spans":
        return self

    def sink(self, _name: str) -> "Spans":
        return self

    def poll_started(self, ref: JobReference, late_s: float) -> None:
        assert late_s >= 0
        self._begin(f"poll {ref.key}")

    def poll_answered(self, ref: JobReference, took_s: float) -> None:
        assert took_s >= 0
        self._end(f"poll {ref.key}", "answered")

    def poll_failed(self, ref: JobReference, error: SourceError) -> None:
        self._end(f"poll {ref.key}", error.reason)

    def list_started(self, group: str, late_s: float) -> None:
        assert late_s >= 0
        self._begin(f"list {group}")

    def list_answered(self, group: str, took_s: float, requests: int) -> None:
        assert (took_s, requests) == (0, 1)
        self._end(f"list {group}", "answered")

    def list_failed(self, group: str, error: SourceError) -> None:
        self._end(f"list {group}", error.reason)

    def watches_counted(self, state: str, count: int) -> None:
        self.counts[state] = count

    def answers(self, *, is_up: bool) -> None:
        self.ended[f"source {is_up}"] += 1

    def opened(self) -> None:
        self.ended["sink opened"] += 1

    def delivery_started(self, event: Event) -> None:
        self._begin(f"delivery {event.type}")

    def delivered(self, event: Event, latency_s: float) -> None:
        assert latency_s >= 0
        self._end(f"delivery {event.type}", "taken")

    def delivery_failed(self, event: Event, error: SinkError) -> None:
        self._end(f"delivery {event.type}", error.reason)

    def handed_over(self, count: int) -> None:
        self.ended["handed over"] += count

    def disabled(self, *, is_disabled: bool) -> None:
        self.ended[f"disabled {is_disabled}"] += 1

    def backlog_counted(self, pending: int, dead: int, oldest_at: datetime | None) -> None:
        assert (pending, dead, oldest_at) == (0, 0, None)
        self.ended["backlog"] += 1

    def committed(self, events: Sequence[Event], took_s: float) -> None:
        assert took_s >= 0
        self.committed_types += [event.type for event in events]

    def dropped(self, deliveries: int) -> None:
        self.ended["dropped"] += deliveries

    def store_failed(self, error: StoreError) -> None:
        self.ended[f"store {error.reason}"] += 1

    def store_answers(self, *, is_up: bool) -> None:
        self.ended[f"store {is_up}"] += 1

    def loop_progressed(self, loop: str, at: datetime) -> None:
        assert at.tzinfo is not None
        self.loops.add(loop)

    def loop_ended(self, loop: str) -> None:
        self.loops.discard(loop)


async def test_what_begins_is_told_to_end(rig: Rig) -> None:
    """A job that fails once and then ends, a list of two, and a sink that fails once: every span is closed."""
    clock, spans = FakeClock(), Spans()
    runtime = Runtime(clock, lambda: 0.5, rig.logger, spans, Heartbeats(clock, spans))
    source, sink = ScriptedSource("graph"), RecordingSink("hook", failures=[SinkUnavailable("down")])
    first, second = (JobReference.of("graph", [job]) for job in "12")
    source.script(first, SourceUnavailable("down"), RUNNING, RUNNING, RUNNING, DONE)
    source.script(second, RUNNING)
    engine = build_engine(runtime, MemoryStore(), lambda *_: first)
    async with anyio.create_task_group() as tasks:
        engine.start(tasks)
        lane = await engine.lane(source, LanePolicy(cadence=Cadence(fixed_interval_s=10.0, jitter=0.0)))
        await engine.watchlist.place(lane)
        await engine.dispatcher.open([SinkBinding(sink, EventFilter())], tasks)
        engine.watchlist.start("graph", tasks)
        tasks.start_soon(engine.housekeeping.run)
        await engine.watchlist.add([WatchSpec(first), WatchSpec(second)])
        await clock.advance(100)
        assert spans.loops == {"commits", "records", "lane graph", "sink hook", "housekeeping"}
        assert {state: count for state, count in spans.counts.items() if count} == {"running": 1}
        tasks.cancel_scope.cancel()
    assert not +spans.open
    assert spans.committed_types == ["job.running", "job.running", "job.succeeded"]
    assert spans.ended["poll graph/1 unavailable"] == 1
    assert spans.ended["list nightly answered"] >= 1
    assert spans.ended["delivery job.running unavailable"] == 1
    assert sum(spans.ended[f"delivery {kind} taken"] for kind in ("job.running", "job.succeeded")) == 3
