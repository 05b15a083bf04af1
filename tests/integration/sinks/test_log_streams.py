"""The log sink on real files, pipes and sockets: written at once where there is room, never waited for in the loop."""

import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import anyio
import anyio.lowlevel
import pytest
import structlog

from jobwatchd.errors import SinkUnavailable
from jobwatchd.model.event import Event
from jobwatchd.sinks.log import LogSink

LONG = "x" * 3 * select.PIPE_BUF


def journal(stream: TextIO) -> LogSink:
    """Return a sink that writes JSON lines to a stream."""
    processors: list[structlog.typing.Processor] = [structlog.processors.JSONRenderer()]
    return LogSink("journal", structlog.wrap_logger(structlog.ReturnLogger(), processors=processors), stream)


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """Return the end to read and the stream to write, of a pipe."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb"), os.fdopen(write_end, "w") as stream:
        yield read_end, stream


def fill(stream: TextIO) -> int:
    """Write into a pipe until it takes no more; returns how many bytes it took."""
    descriptor = stream.fileno()
    os.set_blocking(descriptor, False)
    taken = 0
    try:
        while True:
            taken += os.write(descriptor, b"." * select.PIPE_BUF)
    except BlockingIOError:
        return taken
    finally:
        os.set_blocking(descriptor, True)


@pytest.fixture(params=["file", "pipe", "socket"])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[TextIO, Callable[[], bytes]]]:
    """Return a stream, and what returns the bytes that came out of the process."""
    match request.param:
        case "file":
            path = tmp_path / "log"
            with path.open("w") as stream:
                yield stream, path.read_bytes
        case "pipe":
            read_end, write_end = os.pipe()
            with os.fdopen(read_end, "rb"), os.fdopen(write_end, "w") as stream:
                yield stream, lambda: os.read(read_end, 65_536)
        case "socket":
            ours, theirs = socket.socketpair()
            with ours, theirs, ours.makefile("w") as stream:
                yield stream, lambda: theirs.recv(65_536)


async def test_a_line_for_which_there_is_room_is_written_without_a_thread(event: Event, written: Any):
    """When send returns the line has left the process, and nobody else was asked to write it."""
    stream, read = written
    threads = threading.enumerate()
    await journal(stream).send(event)
    assert threading.enumerate() == threads
    assert read().count(b"\n") == 1


@pytest.mark.parametrize("room", [0, select.PIPE_BUF])
async def test_a_pipe_without_room_does_not_hold_up_the_loop(event: Event, pipe: Any, room: int):
    """A line that does not fit waits for the reader in a thread, and then comes whole; later ones come after it."""
    read_end, stream = pipe
    junk = fill(stream)
    junk -= len(os.read(read_end, room)) if room else 0
    sink = journal(stream)
    out = b""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.send, replace(event, id="first", name=None, detail=LONG))
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(sink.send, replace(event, id="second"))
        await anyio.wait_all_tasks_blocked()
        while out.count(b"\n") < 2:
            out += await anyio.to_thread.run_sync(os.read, read_end, 1_000)
    first, second = out[junk:].splitlines()
    assert b'"id": "first"' in first
    assert first.endswith(b"}")
    assert b'"id": "second"' in second


async def test_a_long_line_is_not_trusted_to_fit(event: Event, pipe: Any):
    """A pipe that can be written has room for a short line, not for any."""
    read_end, stream = pipe
    fill(stream)
    os.read(read_end, select.PIPE_BUF)
    assert select.select([], [stream], [], 0)[1]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(journal(stream).send, replace(event, detail=LONG))
        await anyio.wait_all_tasks_blocked()
        out = os.read(read_end, 1_000_000)
        while not out.endswith(b"\n"):
            out += await anyio.to_thread.run_sync(os.read, read_end, 1_000_000)


async def test_a_pipe_whose_reader_has_gone_is_worth_another_try(event: Event):
    """The event was not taken, and the error says why."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    stream = os.fdopen(write_end, "w")
    with pytest.raises(SinkUnavailable, match=r"the log cannot be written: .*Broken pipe"):
        await journal(stream).send(event)
    with pytest.raises(BrokenPipeError):
        stream.close()


async def test_a_backlog_leaves_others_their_turn(event: Event, written: Any):
    """Between two lines that are written at once the loop goes round."""
    stream, _ = written
    sink = journal(stream)
    rounds = 0

    async def go_round() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(go_round)
        for _ in range(20):
            await sink.send(event)
        tasks.cancel_scope.cancel()
    assert rounds >= 19
