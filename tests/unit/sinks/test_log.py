"""The log sink, on files, and on pipes that nobody reads."""

import json
import os
import select
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from jobwatchd.errors import SinkUnavailable
from jobwatchd.logs import Format, QueuedOutput, Redactor, configure_logging
from jobwatchd.logs.output import LogLine
from jobwatchd.model.event import Event, EventType
from jobwatchd.sinks.event_data import event_data
from jobwatchd.sinks.log.sink import HURRIED_S, PATIENCE_S, LogSink
from jobwatchd.testing import FakeClock

Make = Callable[[int], LogSink]


class RememberingOutput(QueuedOutput):
    """Also knows which line was submitted last."""

    last: LogLine | None = None

    def submit(self, line: str) -> LogLine:
        """Queue a line, and remember it."""
        self.last = super().submit(line)
        return self.last


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that moves when it is told to."""
    return FakeClock()


@pytest.fixture
def make(clock: FakeClock) -> Make:
    """Return what makes a sink that writes JSON lines to a descriptor."""

    def journal(descriptor: int) -> LogSink:
        output = RememberingOutput(descriptor)
        loggers = configure_logging(Format("json"), output, Redactor(), {})
        return LogSink("journal", loggers.event_logger("journal"), output, clock)

    return journal


@pytest.fixture
def log(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Yield a descriptor of a file, and the file."""
    path = tmp_path / "log"
    with path.open("wb") as file:
        yield file.fileno(), path


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the JSON lines of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_an_event_is_one_line_of_the_documented_fields(event: Event, make: Make, log: Any) -> None:
    """The type is the line's event, then come a message, the id and the data; the line is there when send returns."""
    await make(log[0]).send(event)
    [line] = lines(log[1])
    assert line.pop("timestamp")
    message = "job failed: graph/19%2064/b: out of memory"
    assert line == {
        "event": "job.failed", "level": "info", "logger": "journal", "message": message, "id": event.id,
        **event_data(event),
    }  # fmt: skip


async def test_every_line_has_the_same_fields_in_the_same_order(event: Event, make: Make, log: Any) -> None:
    """An event of a source is as wide as that of a job."""
    sink = make(log[0])
    await sink.send(event)
    await sink.send(Event("id", EventType.SOURCE_RECOVERED, "graph", 1, event.observed_at))
    first, second = map(list, lines(log[1]))
    assert first == second


async def test_lines_stand_in_the_order_in_which_they_were_sent(event: Event, make: Make, log: Any) -> None:
    """Many wait at the same time, and none overtakes another."""
    sink = make(log[0])
    async with anyio.create_task_group() as tasks:
        for number in range(300):
            tasks.start_soon(sink.send, replace(event, id=str(number)))
    assert [line["id"] for line in lines(log[1])] == [str(number) for number in range(300)]


async def test_a_full_disk_is_worth_another_try(event: Event, make: Make) -> None:
    """The event was not taken, and the error says why."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(SinkUnavailable, match=r"the log cannot be written: .*No space left"):
        await make(descriptor).send(event)
    os.close(descriptor)


async def test_a_pipe_whose_reader_has_gone_is_worth_another_try(event: Event, make: Make) -> None:
    """The same event is sent again, and again."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    with pytest.raises(SinkUnavailable, match=r"the log cannot be written: .*Broken pipe"):
        await make(write_end).send(event)
    os.close(write_end)


class Pipe:
    """A pipe that is full, a sink that writes to it, and a send that is under way."""

    def __init__(self, make: Make, event: Event) -> None:
        self.read_end, self.write_end = os.pipe()
        self.junk = _fill(self.write_end)
        self.sink = make(self.write_end)
        self.event = event
        self.failures: list[str] = []
        self.sent: list[str] = []

    async def send(self, event_id: str) -> None:
        """Send an event, and note what came of it."""
        try:
            await self.sink.send(replace(self.event, id=event_id))
        except SinkUnavailable as exc:
            self.failures.append(str(exc))
        else:
            self.sent.append(event_id)

    async def read_some(self) -> None:
        """Read what is there, and let others go on."""
        if select.select([self.read_end], [], [], 0)[0]:
            os.read(self.read_end, 65_536)
        await anyio.lowlevel.checkpoint()

    async def read(self, count: int) -> list[str]:
        """Read so many lines; returns their ids."""
        read = b""
        while read[self.junk :].count(b"\n") < count:
            read += await anyio.to_thread.run_sync(os.read, self.read_end, 65_536)
        return [json.loads(line)["id"] for line in read[self.junk :].splitlines()]


def _fill(descriptor: int) -> int:
    os.set_blocking(descriptor, False)
    taken = 0
    try:
        while True:
            taken += os.write(descriptor, b"." * select.PIPE_BUF)
    except BlockingIOError:
        os.set_blocking(descriptor, True)
        return taken


@pytest.fixture
async def pipe(make: Make, event: Event, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pipe]:
    """Yield a full pipe with its sink; what is taken out of the output's queue is begun at once."""
    monkeypatch.setattr("jobwatchd.logs.output.GATHER_S", 0.0)
    pipe = Pipe(make, event)
    yield pipe
    os.close(pipe.read_end)
    os.close(pipe.write_end)


async def begun(pipe: Pipe) -> None:
    """Return once the output's thread is in the middle of the line submitted last."""
    output = pipe.sink._output
    assert isinstance(output, RememberingOutput)
    while output.last is None or not output.last.begun:
        await anyio.lowlevel.checkpoint()


async def test_a_pipe_that_nobody_reads_holds_up_only_the_sink(pipe: Pipe, clock: FakeClock) -> None:
    """Its lines wait for a while, whatever goes on meanwhile, and come whole once somebody reads."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pipe.send, "first")
        tasks.start_soon(pipe.send, "second")
        await clock.advance(PATIENCE_S - 1)
        assert (pipe.sent, pipe.failures) == ([], [])
        assert await pipe.read(2) == ["first", "second"]
    assert pipe.sent == ["first", "second"]


async def test_nobody_reading_is_told_after_a_while(pipe: Pipe, clock: FakeClock) -> None:
    """So that whatever stops or replaces the sink need not wait for ever, and what waits is seen to fail."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pipe.send, "first")
        await clock.advance(PATIENCE_S + 1)
    assert pipe.failures == ["the log cannot be written: nobody reads it"]


async def test_a_line_that_is_being_written_is_not_written_again(pipe: Pipe, clock: FakeClock) -> None:
    """The next attempt waits for what was begun to come to its end; what was not begun is sent anew."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pipe.send, "begun")
        await clock.advance(0)
        await begun(pipe)
        tasks.start_soon(pipe.send, "waiting")
        await clock.advance(PATIENCE_S + 1)
    assert len(pipe.failures) == 2
    async with anyio.create_task_group() as tasks:
        for event_id in ("waiting", "begun"):
            tasks.start_soon(pipe.send, event_id)
        await clock.advance(0)
        assert await pipe.read(2) == ["begun", "waiting"]
    assert sorted(pipe.sent) == ["begun", "waiting"]


async def test_the_end_is_not_waited_for(pipe: Pipe, clock: FakeClock) -> None:
    """A process that wants to end gives a reader that sleeps a moment, no more."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pipe.send, "first")
        await clock.advance(1)
        pipe.sink._output.hurry()
        await clock.advance(HURRIED_S)
        assert len(pipe.failures) == 1


async def test_a_slow_reader_is_waited_for(pipe: Pipe, clock: FakeClock) -> None:
    """As long as anything at all is read, a line may take its time."""
    output = pipe.sink._output
    for _ in range(4):
        output.write("x" * 70_000)  # more than there is room for in a pipe
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pipe.send, "first")
        for _ in range(4):
            before = output.progress
            await clock.advance(PATIENCE_S - 1)
            while output.progress == before:
                await pipe.read_some()
        while not pipe.sent:
            await pipe.read_some()
    assert (pipe.sent, pipe.failures) == (["first"], [])
