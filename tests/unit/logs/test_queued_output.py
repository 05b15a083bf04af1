"""Lines on their way to descriptors that block, fail, or are somebody else's too."""

import os
import select
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobwatchd.logs import QueuedOutput

# Far longer than anything here takes, for a write that is stuck must not stop the tests.
PATIENCE_S = 30.0


class Pipe:
    """A pipe that is full: whatever is written into it waits until somebody reads."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.write_end, False)
        self.junk = 0
        try:
            while True:
                self.junk += os.write(self.write_end, b"." * select.PIPE_BUF)
        except BlockingIOError:
            os.set_blocking(self.write_end, True)

    def read(self, is_all: Callable[[bytes], bool]) -> bytes:
        """Read until that is all; returns it, without what the pipe was filled with."""
        read = b""
        while not is_all(read[self.junk :]):
            read += os.read(self.read_end, 65_536)
        return read[self.junk :]

    def lines(self, count: int) -> list[str]:
        """Read so many lines."""
        return self.read(lambda read: read.count(b"\n") >= count).decode().splitlines()


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    """Yield a full pipe; what is taken out of an output's queue is begun at once."""
    monkeypatch.setattr("jobwatchd.logs.output.GATHER_S", 0.0)
    pipe = Pipe()
    yield pipe
    os.close(pipe.read_end)  # whoever is still stuck in it fails
    os.close(pipe.write_end)


def stuck(pipe: Pipe, **limits: int) -> QueuedOutput:
    """Return an output whose thread waits in its write of a first line."""
    output = QueuedOutput(pipe.write_end, **limits)
    output.tell_dropped = "dropped {}".format
    output.write("first")
    taken_by_thread(output)
    return output


def taken_by_thread(output: QueuedOutput) -> None:
    """Return once nothing is in the queue any more."""
    while not output._queue.empty():
        os.sched_yield()


def test_nobody_waits_for_a_reader(pipe: Pipe) -> None:
    """Lines are taken while nothing can be written, and come whole and in order once it can."""
    output = stuck(pipe)
    for number in range(100):
        output.write(f"line {number}")
    assert pipe.lines(101) == ["first", *(f"line {number}" for number in range(100))]


@pytest.mark.parametrize(("limits", "kept"), [({"max_lines": 3}, 3), ({"max_bytes": 30}, 3)])
def test_what_does_not_fit_is_dropped_and_told(pipe: Pipe, limits: dict[str, int], kept: int) -> None:
    """The queue is bounded in lines and bytes; the number of those that are missing stands in their place."""
    output = stuck(pipe, **limits)
    for number in range(10):
        output.write(f"number {number}")
    assert output.dropped == 10 - (kept - 1)
    lines = pipe.lines(kept + 1)
    assert lines == ["first", "number 0", "number 1", f"dropped {output.dropped}"]


def test_lines_that_come_after_the_dropped_ones_stand_behind_their_number(pipe: Pipe) -> None:
    """When there is room again before all was written."""
    output = stuck(pipe, max_lines=2)
    for text in ("kept", "lost", "lost"):
        output.write(text)
    output._lines = 1  # as if the first had been written
    output.write("later")
    assert pipe.lines(4) == ["first", "kept", "dropped 2", "later"]


def test_a_line_that_is_too_long_is_dropped_and_told(tmp_path: Path) -> None:
    """Even where nothing else waits."""
    with (tmp_path / "log").open("wb") as file:
        output = QueuedOutput(file.fileno(), max_bytes=100)
        output.tell_dropped = "dropped {}".format
        output.write("x" * 200)
        assert output.flush(PATIENCE_S)
    assert (tmp_path / "log").read_text() == "dropped 1\n"


def test_a_full_disk_drops_lines_and_says_so_later(tmp_path: Path) -> None:
    """Each is counted, and told before the next that can be written."""
    path = tmp_path / "log"
    descriptor = os.open("/dev/full", os.O_WRONLY)
    output = QueuedOutput(descriptor)
    output.tell_dropped = "dropped {}".format
    output.write("a")
    output.write("b")
    assert output.flush(PATIENCE_S)
    assert output.dropped == 2
    with path.open("wb") as file:
        os.dup2(file.fileno(), descriptor)
    output.write("c")
    assert output.flush(PATIENCE_S)
    os.close(descriptor)
    assert path.read_text() == "dropped 2\nc\n"


def test_a_closed_descriptor_costs_lines_and_nothing_else() -> None:
    """As does a pipe whose reader has gone."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    output = QueuedOutput(write_end)
    output.write("a")
    assert output.flush(PATIENCE_S)
    os.close(write_end)
    output.write("b")
    assert output.flush(PATIENCE_S)
    assert output.dropped == 2


def test_a_non_blocking_descriptor_is_waited_for(pipe: Pipe) -> None:
    """Somebody else may have made it one; a long line comes whole all the same."""
    os.set_blocking(pipe.write_end, False)
    output = stuck(pipe)
    output.write("x" * 200_000)
    assert pipe.lines(2) == ["first", "x" * 200_000]
    assert output.dropped == 0


def test_the_end_waits_only_so_long(pipe: Pipe) -> None:
    """Whether all was written is known."""
    output = stuck(pipe)
    assert not output.flush(0.0)
    pipe.lines(1)
    assert output.flush(PATIENCE_S)


def test_a_line_may_be_logged_while_another_is(pipe: Pipe) -> None:
    """The garbage collector can have somebody log in the middle of that: the lock is the thread's own."""
    output = stuck(pipe)
    with output._lock:
        output.write("inner")
    assert pipe.lines(2) == ["first", "inner"]


def test_its_thread_does_not_keep_the_process_from_ending(pipe: Pipe) -> None:
    """It may be stuck for ever."""
    stuck(pipe)
    assert {thread.daemon for thread in threading.enumerate() if thread.name == "log"} == {True}


async def test_a_line_that_somebody_waits_for_is_told_when_it_is_whole(pipe: Pipe) -> None:
    """Not before the last of its bytes was taken, and in the order of all lines."""
    output = stuck(pipe)
    line = output.submit("x" * 100_000)
    output.write("after")
    assert line.written is not None
    assert not line.written.done()
    reader = threading.Thread(target=lambda: pipe.lines(3))
    reader.start()
    assert await line.written is None
    reader.join()


async def test_a_line_that_somebody_waits_for_is_never_dropped(pipe: Pipe) -> None:
    """However many wait already."""
    output = stuck(pipe, max_lines=1)
    lines = [output.submit(f"event {number}") for number in range(50)]
    assert output.dropped == 0
    assert pipe.lines(51)[1:] == [f"event {number}" for number in range(50)]
    for line in lines:
        assert line.written is not None
        assert await line.written is None


async def test_a_line_can_be_withdrawn_until_it_is_begun(pipe: Pipe) -> None:
    """What is stuck in the middle will come to its end, what is behind it need not be written."""
    output = QueuedOutput(pipe.write_end)
    begun = output.submit("begun")
    while not begun.begun:
        os.sched_yield()
    waiting = output.submit("waiting")
    assert not output.withdraw(begun)
    assert output.withdraw(waiting)
    output.write("last")
    assert pipe.lines(2) == ["begun", "last"]


async def test_a_line_that_was_torn_ends_before_the_next(tmp_path: Path) -> None:
    """A disk that fills in the middle of a line leaves a part of it; the next begins on a line of its own."""
    read_end, write_end = os.pipe()
    output = QueuedOutput(write_end)
    torn = output.submit("x" * 1_000_000)
    os.read(read_end, 10)  # it has begun
    os.close(read_end)
    assert torn.written is not None
    assert isinstance(await torn.written, BrokenPipeError)
    with (tmp_path / "log").open("wb") as file:
        os.dup2(file.fileno(), write_end)
    whole = output.submit("whole")
    assert whole.written is not None
    assert await whole.written is None
    os.close(write_end)
    assert (tmp_path / "log").read_text() == "\nwhole\n"
