"""A receiver that never takes the events of some jobs: the others are told in time, and those not tried too often."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from jobwatchd.engine import window
from jobwatchd.engine.delivery import DeliveryLoop
from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.errors import SinkRejected, SinkUnavailable
from jobwatchd.model.event import Event, EventFilter
from jobwatchd.ports import Clock
from jobwatchd.testing import RecordingSink
from unit.engine.rig import Rig

WITHIN_S = 2.0
KINDS = ["refuses", "hangs"]


class PoisonedSink(RecordingSink):
    """A sink that does not take the events of jobs whose names begin with `p`; one at a time and in order per job."""

    def __init__(self, clock: Clock, kind: str) -> None:
        super().__init__("hook")
        self.clock = clock
        self.kind = kind
        self.down = False
        self.tries: Counter[str] = Counter()
        self.told_at: dict[str, float] = {}
        self.busy = self.most_busy = 0

    async def send(self, event: Event) -> None:
        """Fail at once, or after half a minute of silence; the others take ten milliseconds."""
        job = event.subject.rpartition("/")[2]
        self.tries[job] += 1
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        try:
            if self.kind == "hangs" and (job.startswith("p") or self.down):
                await self.clock.sleep(30)
                raise SinkUnavailable("no answer within 30 s")
            await self.clock.sleep(0.01)
            if job.startswith("p") or self.down:
                raise SinkRejected("HTTP 400") if self.kind == "rejects" else SinkUnavailable("HTTP 500")
            self.told_at.setdefault(f"{job}:{event.sequence}", self.clock.monotonic())
            await super().send(event)
        finally:
            self.busy -= 1


MakeLoop = Callable[[PoisonedSink], DeliveryLoop]


@pytest.fixture(autouse=True)
def luck(rig: Rig) -> None:
    """Let chance be chance, and the same each time."""
    rig.jitter = random.Random(1).random


@pytest.fixture
def make_loop(rig: Rig) -> MakeLoop:
    """Return a maker of loops for a sink."""
    return lambda sink: rig.delivery(SinkBinding(sink, EventFilter()))


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let a tenth be held of what usually is, and return how much."""
    monkeypatch.setattr(window, "PAGE", window.PAGE // 10)
    monkeypatch.setattr(window, "WINDOW", window.WINDOW // 10)
    return window.WINDOW


async def tell(rig: Rig, loop: DeliveryLoop, *names: str) -> None:
    """Commit events and hand over the deliveries."""
    for delivery in await rig.commit_events("hook", *names):
        loop.offer(delivery)


async def worst_delay(rig: Rig, loop: DeliveryLoop, sink: PoisonedSink, seconds: int, prefix: str = "h") -> float:
    """Commit an event of a healthy job now and then; returns the longest that one of them took to be told."""
    told = {}
    for second in range(seconds):
        name = f"{prefix}{second}:1"
        told[name] = rig.clock.monotonic()
        await tell(rig, loop, name)
        await rig.clock.advance(1)
    await rig.clock.advance(5)
    missing = float("inf")
    return max(sink.told_at.get(name, missing) - began_s for name, began_s in told.items())


@pytest.mark.parametrize("kind", [*KINDS, "rejects"])
@pytest.mark.parametrize("count", [3, pytest.param(10, marks=pytest.mark.slow), 100])
async def test_the_healthy_are_told_in_time_from_the_start(
    rig: Rig, make_loop: MakeLoop, count: int, kind: str
) -> None:
    """All the poisonous ones fail before anything was ever taken, and go on failing."""
    sink = PoisonedSink(rig.clock, kind)
    loop = make_loop(sink)
    async with rig.running(loop.run):
        await rig.clock.advance(1)
        await tell(rig, loop, *(f"p{number}:1" for number in range(count)))
        assert await worst_delay(rig, loop, sink, 20) <= WITHIN_S
        assert sink.most_busy <= 16


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("places", [1, *(pytest.param(places, marks=pytest.mark.slow) for places in (2, 4))])
async def test_few_places_are_room_enough_for_the_healthy(rig: Rig, kind: str, places: int) -> None:
    """Also where there is a single one, those that hang do not keep it, from the first time to the last."""
    sink = PoisonedSink(rig.clock, kind)
    loop = rig.delivery(SinkBinding(sink, EventFilter(), concurrency=places))
    async with rig.running(loop.run):
        await rig.clock.advance(1)
        await tell(rig, loop, "h:1", *(f"p{number}:1" for number in range(10)))
        await rig.clock.advance(10)
        assert await worst_delay(rig, loop, sink, 120) <= WITHIN_S
        assert sink.most_busy <= places


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [3, pytest.param(10, marks=pytest.mark.slow), 100])
async def test_the_healthy_are_told_in_time_after_a_restart(
    rig: Rig, make_loop: MakeLoop, count: int, kind: str
) -> None:
    """The poisonous ones are first in the store, and some healthy ones wait there too."""
    sink = PoisonedSink(rig.clock, kind)
    first = make_loop(sink)
    async with rig.running(first.run):
        await tell(rig, first, *(f"p{number}:1" for number in range(count)))
        await rig.clock.advance(100)
    waiting = [f"w{number}:1" for number in range(10)]
    await rig.commit_events("hook", *waiting)
    began_s = rig.clock.monotonic()
    again = make_loop(sink)
    async with rig.running(again.run):
        assert await worst_delay(rig, again, sink, 20) <= WITHIN_S
    assert max(sink.told_at[name] - began_s for name in waiting) <= WITHIN_S


@pytest.mark.parametrize("kind", KINDS)
async def test_the_healthy_are_told_in_time_where_poison_comes_by_the_hundred(
    rig: Rig, make_loop: MakeLoop, kind: str
) -> None:
    """Also while everything else goes well, and again and again."""
    sink = PoisonedSink(rig.clock, kind)
    loop = make_loop(sink)
    async with rig.running(loop.run):
        assert await worst_delay(rig, loop, sink, 5, "a") <= WITHIN_S
        for wave in range(3):
            await tell(rig, loop, *(f"p{wave}-{number}:1" for number in range(100)))
            assert await worst_delay(rig, loop, sink, 10, f"h{wave}-") <= WITHIN_S


@pytest.mark.parametrize("kind", KINDS)
async def test_poison_is_tried_no_more_often_than_its_own_back_off_says(
    rig: Rig, make_loop: MakeLoop, kind: str
) -> None:
    """At 0, 1, 3, 7, 15 … 511 seconds, however often others succeed; and once more, after the first of them did."""
    rig.jitter = lambda: 1.0
    sink = PoisonedSink(rig.clock, kind)
    loop = make_loop(sink)
    async with rig.running(loop.run):
        await tell(rig, loop, *(f"p{number}:1" for number in range(40)))
        await worst_delay(rig, loop, sink, 600)

    assert max(count for job, count in sink.tries.items() if job.startswith("p")) <= 10 + 1


async def test_a_window_full_of_poison_is_given_back(rig: Rig, make_loop: MakeLoop, small_window: int) -> None:
    """More poisonous jobs than are held at a time do not hide what was committed after them."""
    sink = PoisonedSink(rig.clock, "refuses")
    await rig.commit_events("hook", *(f"p{number}:1" for number in range(small_window * 2)))
    loop = make_loop(sink)
    async with rig.running(loop.run):
        await rig.clock.advance(60)
        assert await worst_delay(rig, loop, sink, 20) <= WITHIN_S


@pytest.mark.parametrize("kind", KINDS)
async def test_one_poisonous_job_with_many_events_does_not_fill_the_window(
    rig: Rig, make_loop: MakeLoop, kind: str, small_window: int
) -> None:
    """Only some of them are held; all are told in order once the receiver takes them."""
    sink = PoisonedSink(rig.clock, kind)
    numbers = list(range(1, small_window * 2))
    await rig.commit_events("hook", *(f"p:{number}" for number in numbers), "b:1")
    loop = make_loop(sink)
    async with rig.running(loop.run):
        await rig.clock.advance(WITHIN_S)
        assert "b:1" in sink.told_at
        assert await worst_delay(rig, loop, sink, 20) <= WITHIN_S
        sink.kind = "takes all"
        sink.send = RecordingSink.send.__get__(sink)  # type: ignore[method-assign]
        await rig.clock.advance(700)

    told = [event.sequence for event in sink.events if event.subject == "graph/p"]
    assert told == numbers


async def test_an_outage_costs_probes_only_and_ends_at_once(rig: Rig, make_loop: MakeLoop) -> None:
    """Ten thousand jobs wait: a hundred or so are tried, then one at a time; all are told when it is back."""
    sink = PoisonedSink(rig.clock, "refuses")
    sink.down = True
    loop = make_loop(sink)
    await rig.commit_events("hook", *(f"j{number}:1" for number in range(10_000)))
    async with rig.running(loop.run):
        await rig.clock.advance(10)
        at_first = sink.tries.total()
        sink.most_busy = 0
        await rig.clock.advance(600)
        assert at_first <= 160
        assert sink.tries.total() - at_first <= 600 / 10
        assert sink.most_busy == 1
        sink.down = False
        await rig.clock.advance(40)
        assert len(sink.told_at) == 10_000


async def test_a_receiver_that_fails_half_of_the_time_gets_everything(rig: Rig, make_loop: MakeLoop) -> None:
    """Nobody is taken for poisonous, and throughput goes on."""
    sink = PoisonedSink(rig.clock, "refuses")
    loop = make_loop(sink)
    dice = random.Random(2)
    take = sink.send

    async def sometimes(event: Event) -> None:
        sink.down = dice.random() < 0.5
        await take(event)

    sink.send = sometimes  # type: ignore[method-assign]
    await rig.commit_events("hook", *(f"j{number}:1" for number in range(1_000)))
    async with rig.running(loop.run):
        await rig.clock.advance(10)
        assert len(sink.told_at) >= 500
        await rig.clock.advance(60)
        assert len(sink.told_at) >= 990
