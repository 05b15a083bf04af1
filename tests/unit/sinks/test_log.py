"""The log sink."""

import io
import json
import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import anyio
import anyio.lowlevel
import pytest
import structlog
from structlog.typing import FilteringBoundLogger

from jobwatchd.errors import SinkUnavailable
from jobwatchd.model.event import Event, EventType
from jobwatchd.sinks.event_data import event_data
from jobwatchd.sinks.log import LogSink

Make = Callable[[IO[Any]], LogSink]


@pytest.fixture
def journal() -> Make:
    """Return what makes a sink that writes JSON lines to a file."""

    def make(file: IO[Any]) -> LogSink:
        logger: FilteringBoundLogger = structlog.wrap_logger(
            structlog.ReturnLogger(),
            processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
            wrapper_class=structlog.make_filtering_bound_logger("info"),
        )
        return LogSink("journal", logger, file)

    return make


async def test_an_event_is_one_line_of_the_documented_fields(event: Event, journal: Make):
    """The type is the line's event, then come the id and the data."""
    file = io.StringIO()
    await journal(file).send(event)
    [line] = file.getvalue().splitlines()
    assert json.loads(line) == {"event": "job.failed", "level": "info", "id": event.id, **event_data(event)}


async def test_every_line_has_the_same_fields_in_the_same_order(event: Event, journal: Make):
    """An event of a source is as wide as that of a job."""
    file = io.StringIO()
    sink = journal(file)
    await sink.send(event)
    await sink.send(Event("id", EventType.SOURCE_RECOVERED, "graph", 1, event.observed_at))
    first, second = (list(json.loads(line)) for line in file.getvalue().splitlines())
    assert first == second


async def test_a_taken_event_has_left_the_process(event: Event, journal: Make, tmp_path: Path):
    """Nothing waits in a buffer of ours when send returns."""
    path = tmp_path / "log"
    with path.open("w") as file:
        await journal(file).send(event)
        assert path.read_text().count("\n") == 1


async def test_a_full_disk_is_worth_another_try(event: Event, journal: Make):
    """The event was not taken, and the error says why."""
    file = Path("/dev/full").open("w")  # noqa: SIM115, ASYNC230 closing it fails too, for the same reason
    with pytest.raises(SinkUnavailable, match=r"the log cannot be written: .*No space left"):
        await journal(file).send(event)
    with pytest.raises(OSError, match="No space left"):
        file.close()


async def test_a_stream_that_nobody_reads_does_not_hold_up_the_loop(event: Event, journal: Make):
    """Other tasks run while a write is stuck, and the line comes once it is not."""
    unstuck = threading.Event()

    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            assert unstuck.wait(timeout=10), "the event loop waits for the write"
            return super().write(text)

    file = Stuck()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(journal(file).send, event)
        await anyio.wait_all_tasks_blocked()
        assert not file.getvalue()
        unstuck.set()
    assert file.getvalue().count("\n") == 1


async def test_a_closed_stream_is_worth_another_try(event: Event, journal: Make):
    """The same event is sent again after a restart."""
    file = io.StringIO()
    sink = journal(file)
    file.close()
    with pytest.raises(SinkUnavailable, match="the log cannot be written"):
        await sink.send(event)


@pytest.fixture
def events(event: Event) -> list[Event]:
    """Return events of twenty jobs, whose lines together are longer than what a pipe takes at once."""
    return [replace(event, id=f"id-{number}", detail="x" * 300) for number in range(20)]


async def send_all(sink: LogSink, events: list[Event]) -> None:
    """Send all at once, as a delivery loop does that has many due."""
    async with anyio.create_task_group() as tasks:
        for event in events:
            tasks.start_soon(sink.send, event)


def ids(text: str) -> list[str]:
    """Return the ids of the events in lines."""
    return [json.loads(line)["id"] for line in text.splitlines()]


class Counted:
    """A stream that keeps what it was given to write, in pieces."""

    def __init__(self, file: IO[str]) -> None:
        self.pieces: list[str] = []
        self._file = file
        self.flush, self.fileno = file.flush, file.fileno

    def write(self, text: str) -> int:
        """Note it, and write it."""
        self.pieces.append(text)
        return self._file.write(text)


async def test_lines_that_are_due_together_are_written_together(events: list[Event], journal: Make, tmp_path: Path):
    """A write costs as much as making a line does; a file takes any number at once."""
    path = tmp_path / "log"
    with path.open("w") as file:
        stream = Counted(file)
        await send_all(journal(stream), events)
    assert ids(path.read_text()) == [event.id for event in events]
    assert len(stream.pieces) == 1


async def test_a_pipe_is_given_no_more_than_it_takes_at_once(events: list[Event], journal: Make):
    """More would wait for whoever reads it; so every piece is asked for anew, and is a number of whole lines."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as pipe, os.fdopen(writing, "w") as other_end:
        stream = Counted(other_end)
        await send_all(journal(stream), events)
        text = pipe.read(65_536).decode()
    assert ids(text) == [event.id for event in events]
    assert 1 < len(stream.pieces) < len(events)
    assert all(len(piece) <= select.PIPE_BUF and ids(piece) for piece in stream.pieces)


async def test_nobody_takes_a_line_for_written_that_was_not(events: list[Event], journal: Make):
    """All whose lines were to be written together hear of the failure, and the next batch is tried anew."""
    file = io.StringIO()
    sink = journal(file)
    file.close()
    failures: list[str] = []

    async def send(event: Event) -> None:
        try:
            await sink.send(event)
        except SinkUnavailable:
            failures.append(event.id)

    async with anyio.create_task_group() as tasks:
        for event in events:
            tasks.start_soon(send, event)
    assert failures == [event.id for event in events]


async def test_what_was_written_before_a_failure_is_taken(events: list[Event], journal: Make):
    """Only those whose lines were not written are sent again."""
    reading, writing = os.pipe()
    taken: list[str] = []

    class FailsLater(Counted):
        def write(self, text: str) -> int:
            if self.pieces:
                raise OSError("no space left")
            return super().write(text)

    with os.fdopen(reading, "rb", buffering=0) as pipe, os.fdopen(writing, "w") as other_end:
        sink = journal(FailsLater(other_end))

        async def send(event: Event) -> None:
            with suppress(SinkUnavailable):
                await sink.send(event)
                taken.append(event.id)

        async with anyio.create_task_group() as tasks:
            for event in events:
                tasks.start_soon(send, event)
        text = pipe.read(65_536).decode()
    assert 0 < len(taken) < len(events)
    assert sorted(taken) == sorted(ids(text))


async def test_whoever_is_cancelled_leaves_nobody_waiting(events: list[Event], journal: Make):
    """Where the one who writes for others is stopped in the middle, they hear that their lines were not taken."""
    let_go = threading.Event()

    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            let_go.wait(timeout=10)
            return super().write(text)

    sink = journal(Stuck())
    failures: list[str] = []

    async def follow() -> None:
        with pytest.raises(SinkUnavailable, match="stopping"):
            await sink.send(events[1])
        failures.append(events[1].id)

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as leading:
                leading.start_soon(sink.send, events[0])
                tasks.start_soon(follow)
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        await anyio.wait_all_tasks_blocked()
        assert failures == [events[1].id]
        let_go.set()
