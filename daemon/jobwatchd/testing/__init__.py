"""Stand-ins for time, a job API and a receiver, each keeping its port's contract; for tests of yours too.

`FakeClock` moves only when it is told to, so that an hour of polling takes milliseconds. `ScriptedSource` answers
what a test has written down. `RecordingSink` keeps what it was sent.

- `rig`: an engine in memory, put together as the daemon's is
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

import anyio
import anyio.lowlevel

from jobwatchd.errors import JobNotFound, SinkError, SourceError
from jobwatchd.model.event import Event
from jobwatchd.model.job import JobReference, Observation
from jobwatchd.ports import UNCHANGED, Listing, Sighting

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """Time that stands still until `advance`; implements `ports.Clock`."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._elapsed_s = 0.0
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self._order = count()

    def now(self) -> datetime:
        """Return the start plus what was advanced."""
        return self._start + timedelta(seconds=self._elapsed_s)

    def step(self, by: timedelta) -> None:
        """Set the wall clock forward or back, as a person or NTP does; the monotonic one goes on as before."""
        self._start += by

    def monotonic(self) -> float:
        """Return the seconds that were advanced."""
        return self._elapsed_s

    async def sleep(self, delay_s: float) -> None:
        """Sleep until the clock was advanced by `delay_s`."""
        await self._alarm(delay_s).wait()

    async def wait(self, event: anyio.Event, timeout_s: float) -> None:
        """Return when `event` is set; set it when the clock was advanced by `timeout_s`."""
        heappush(self._sleepers, (self._elapsed_s + max(0.0, timeout_s), next(self._order), event))
        await event.wait()

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, waking every sleeper at its own time, and let all tasks come to rest in between."""
        until_s = self._elapsed_s + seconds
        await _rest()
        while self._sleepers and self._sleepers[0][0] <= until_s:
            self._elapsed_s = max(self._elapsed_s, self._sleepers[0][0])
            while self._sleepers and self._sleepers[0][0] <= self._elapsed_s:
                heappop(self._sleepers)[2].set()
            await _rest()
        self._elapsed_s = until_s

    def _alarm(self, delay_s: float) -> anyio.Event:
        alarm = anyio.Event()
        heappush(self._sleepers, (self._elapsed_s + max(0.0, delay_s), next(self._order), alarm))
        return alarm


async def _rest() -> None:
    """Return when every other task waits for something; `anyio.wait_all_tasks_blocked` would sleep for real."""
    were_waiting = are_waiting = False
    # Twice in a row, for what a callback of the event loop has yet to wake.
    while not (were_waiting and are_waiting):
        await anyio.lowlevel.checkpoint()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        waits = [getattr(task, "_fut_waiter", None) for task in others]
        were_waiting = are_waiting
        are_waiting = all(waiter is not None and not waiter.done() for waiter in waits)


class ScriptedSource:
    """A source that answers from a script per job; implements `ports.Source`.

    A script is a list of observations and errors, one a poll; the last one is repeated. A job without a script is not
    found. `polls` lists the references that were asked for, in order.
    """

    def __init__(self, name: str = "scripted", parameters: tuple[str, ...] = ("job_id",)) -> None:
        self.name = name
        self.parameters = parameters
        self.polls: list[JobReference] = []
        self.lists: list[tuple[str, tuple[JobReference, ...]]] = []
        self.closed = False
        self._scripts: dict[JobReference, list[Observation | SourceError]] = {}

    def script(self, ref: JobReference, *answers: Observation | SourceError) -> None:
        """Write down what the next polls of a job bring."""
        self._scripts[ref] = list(answers)

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        """Return, or raise, what the script says."""
        self.polls.append(ref)
        await anyio.lowlevel.checkpoint()
        answer = self._next(ref)
        if isinstance(answer, SourceError):
            raise answer
        seen = hash(answer) or 1
        return UNCHANGED if seen == digest else Sighting(seen, answer)

    async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:
        """Return what the scripts of the group's jobs say; errors are left out. `lists` has what was asked for."""
        self.lists.append((group, tuple(refs)))
        await anyio.lowlevel.checkpoint()
        answers = {ref: self._next(ref) for ref in refs if ref in self._scripts}
        found = {
            ref: replace(answer, tasks=())
            for ref, answer in answers.items()
            if isinstance(answer, Observation) and answer.group == group
        }
        return Listing(found, requests=1)

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def _next(self, ref: JobReference) -> Observation | SourceError:
        script = self._scripts.get(ref)
        if not script:
            return JobNotFound(f"{ref.key}: no such job")
        return script[0] if len(script) == 1 else script.pop(0)


class RecordingSink:
    """A sink that keeps what it was sent; implements `ports.Sink`. Errors in `failures` are raised first, in order."""

    def __init__(self, name: str = "recording", *, durable: bool = True, failures: Sequence[SinkError] = ()) -> None:
        self.name = name
        self.durable = durable
        self.events: list[Event] = []
        self.failures = list(failures)
        self.closed = False

    async def send(self, event: Event) -> None:
        """Keep the event, or raise the next failure."""
        await anyio.lowlevel.checkpoint()
        if self.failures:
            raise self.failures.pop(0)
        self.events.append(event)

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True
