"""The log sink."""

import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import anyio
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
