"""Nothing is lost, overtaken or sent twice, whatever fails and however little is held."""

import random
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import pytest

from jobwatchd.engine import window
from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.errors import SinkRateLimited, SinkRejected, SinkUnavailable
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Delivery, Retry
from jobwatchd.model.event import Event, EventFilter
from jobwatchd.ports import Clock
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import RecordingSink
from unit.engine.rig import Rig

JOBS = 12
ERRORS = (SinkUnavailable("HTTP 500"), SinkUnavailable("HTTP 503", 2.0), SinkRejected("HTTP 404"))


class MoodySink(RecordingSink):
    """A sink that fails for some jobs more than for others, is away for a while, and asks for time now and then."""

    def __init__(self, rig: Rig, dice: random.Random) -> None:
        super().__init__("hook")
        self.rig = rig
        self.dice = dice
        self.moody = True
        self.busy: set[str] = set()

    async def send(self, event: Event) -> None:
        """Fail, hang or take; never asked for two events of one job at a time."""
        assert event.subject not in self.busy
        self.busy.add(event.subject)
        try:
            await self.rig.clock.sleep(self.dice.choice([0.0, 0.01, 0.3, 3.0]))
            if self.moody:
                self._be_moody(event)
        finally:
            self.busy.discard(event.subject)
        await super().send(event)

    def _be_moody(self, event: Event) -> None:
        away = 20 < self.rig.clock.monotonic() % 60 < 40
        if away or self.dice.random() < crc32(event.subject.encode()) % 10 / 10:
            raise self.dice.choice(ERRORS)
        if self.dice.random() < 0.02:
            raise SinkRateLimited("HTTP 429", 5.0)


class LateStore(MemoryStore):
    """A store that answers a while after it has looked."""

    def __init__(self, clock: Clock, dice: random.Random) -> None:
        super().__init__()
        self.clock = clock
        self.dice = dice

    async def pending_deliveries(self, sink: str, after: int, limit: int) -> Sequence[Delivery]:
        """Look now, and answer later."""
        page = await super().pending_deliveries(sink, after, limit)
        await self.clock.sleep(self.dice.choice([0.0, 0.05, 0.5]))
        return page


@pytest.mark.parametrize("seed", range(8))
async def test_everything_is_told_in_order_and_once(rig: Rig, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """With a window of a few events, a receiver of all moods, events all the while, and a restart in the middle."""
    for name, size in (("WINDOW", 20), ("PAGE", 5), ("EACH", 3)):
        monkeypatch.setattr(window, name, size)
    dice = random.Random(seed)
    rig.jitter = dice.random
    rig.use(LateStore(rig.clock, dice))
    sink = MoodySink(rig, dice)
    binding = SinkBinding(sink, EventFilter(), Retry(Backoff(1.0, 2.0, 10.0)), concurrency=4)
    numbers = dict.fromkeys(range(JOBS), 0)

    async def some(count: int) -> list[Any]:
        made = []
        for _ in range(count):
            job = dice.randrange(JOBS)
            numbers[job] += 1
            made += await rig.commit_events("hook", f"j{job}:{numbers[job]}")
        return made

    await some(60)
    for life in range(2):
        loop = rig.delivery(binding)
        async with rig.running(loop.run) as tasks:
            for _ in range(40):
                for delivery in await some(dice.randrange(4)):
                    loop.offer(delivery)
                await rig.clock.advance(dice.random() * 4)
            sink.moody = life == 0
            await rig.clock.advance(1 if sink.moody else 120)
            tasks.start_soon(loop.stop)
            await rig.clock.advance(10)  # what is under way comes to its end, and is written

    told: dict[str, list[int]] = {}
    for event in sink.events:
        told.setdefault(event.subject, []).append(event.sequence)
    assert told == {f"graph/j{job}": list(range(1, last + 1)) for job, last in numbers.items() if last}
    assert await rig.store.backlog() == []
