"""Where lines of the log go: a descriptor that may block, written by a thread that holds up nobody."""

import asyncio
import os
import select
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol


class Output(Protocol):
    """Takes lines of the log, one at a time, and never raises."""

    is_terminal: bool
    tell_dropped: Callable[[int], str] | None
    """Makes a line of how many were dropped, for outputs that drop any."""

    def write(self, line: str) -> None:
        """Write one line, which may be several to whoever reads it."""

    def is_journal(self, env: Mapping[str, str]) -> bool:
        """Whether it is systemd's journal that reads."""


def is_journal(descriptor: int, env: Mapping[str, str]) -> bool:
    """Whether a descriptor is connected to systemd's journal; see `$JOURNAL_STREAM` in systemd.exec(5)."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return env.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


# What waits at most for whoever reads the log; further lines of our own are dropped.
MAX_LINES = 2_000
MAX_BYTES = 1_048_576
# Lines that wait are written together, up to about this.
BATCH_BYTES = 65_536
# So much later a line of a sink is written, so that others go with it: whenever this thread wakes, all others wait.
GATHER_S = 0.005
# A descriptor that says it can be written, and then cannot, is not asked more often than this.
RETRY_S = 0.01

Written = asyncio.Future[OSError | None]
"""Set to what kept a line from being written whole, None if nothing did."""


@dataclass(slots=True, eq=False)
class LogLine:
    """A line on its way: our own, one that somebody waits for (`written`), or an empty one, a mark (`reached`).

    One that `tells` says how many were dropped in its place. Once `begun`, a line cannot be withdrawn any more.
    """

    data: bytes = b""
    is_own: bool = False
    tells: int = 0
    written: Written | None = None
    reached: threading.Event | None = None
    begun: bool = False
    withdrawn: bool = False


class QueuedOutput:
    """Writes to a descriptor from a thread of its own, so that nobody waits who has something to say.

    The thread holds nothing while it writes, and does not keep the process from ending. Our own lines (`write`) wait in
    a bounded queue. What does not fit, or cannot be written, is dropped, counted in `dropped`, and told when there is
    room again, in its place, by the line that `tell_dropped` makes of the number. Lines that somebody waits for
    (`submit`) are written in the same order and never dropped. `progress` grows with every byte that was taken.
    Implements `Output`.
    """

    def __init__(self, descriptor: int, *, max_lines: int = MAX_LINES, max_bytes: int = MAX_BYTES) -> None:
        self.is_terminal = os.isatty(descriptor)
        self.dropped = 0
        self.progress = 0
        self.is_hurried = False
        self.tell_dropped: Callable[[int], str] | None = None
        self._descriptor = descriptor
        self._max_lines, self._max_bytes = max_lines, max_bytes
        self._lines = self._bytes = self._told = 0
        self._is_torn = False
        # Held for a few instructions, never while something is written; re-entrant, because the garbage collector may
        # have somebody log between any two of them.
        self._lock = threading.RLock()
        self._queue: SimpleQueue[LogLine] = SimpleQueue()
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def is_journal(self, env: Mapping[str, str]) -> bool:
        """Whether the descriptor is connected to the journal."""
        return is_journal(self._descriptor, env)

    def write(self, line: str) -> None:
        """Queue one line of our own, or drop it."""
        data = _encode(line)
        with self._lock:
            if self._lines < self._max_lines and self._bytes + len(data) <= self._max_bytes:
                self._lines += 1
                self._bytes += len(data)
                for each in (*self._notice(), LogLine(data, is_own=True)):
                    self._queue.put(each)
                return
            self.dropped += 1
            if not self._lines:
                self._queue.put(LogLine())  # nothing waits that would have it told

    def submit(self, line: str) -> LogLine:
        """Queue a line for which the caller, on an event loop, waits."""
        submitted = LogLine(_encode(line), written=asyncio.get_running_loop().create_future())
        self._queue.put(submitted)
        return submitted

    def withdraw(self, line: LogLine) -> bool:
        """Take a submitted line back; False where its writing has begun, and will come to its end some time."""
        with self._lock:
            line.withdrawn = not line.begun
            return line.withdrawn

    def hurry(self) -> None:
        """Say that the process wants to end: from now on nobody should wait long for whoever reads."""
        self.is_hurried = True

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was queued so far is written or given up, for so long; returns whether it is."""
        reached = threading.Event()
        self._queue.put(LogLine(reached=reached))
        return reached.wait(timeout_s)

    def _run(self) -> None:
        while True:
            lines = [self._queue.get()]
            if lines[0].written is not None:
                time.sleep(GATHER_S)
            size = len(lines[0].data)
            with suppress(Empty):
                while size < BATCH_BYTES:
                    lines.append(self._queue.get_nowait())
                    size += len(lines[-1].data)
            error = self._write(lines)
            if error is None and self._queue.empty():
                self._write(self._notice())
            for line in lines:
                if line.reached is not None:
                    line.reached.set()

    def _write(self, lines: Sequence[LogLine]) -> OSError | None:
        """Write lines, and tell whoever waits what became of them; returns what kept the last from being written."""
        with self._lock:
            kept = [line for line in lines if not line.withdrawn]
            for line in kept:
                line.begun = True
        data = b"".join(line.data for line in kept)
        # What is left of a line that could not be written to its end must not become the beginning of the next.
        head = b"\n" if data and self._is_torn else b""
        taken, error = self._push(head + data)
        if taken:
            self._is_torn = (head + data)[taken - 1 : taken] != b"\n"
        end = len(head)
        settled: list[tuple[Written, OSError | None]] = []
        for line in kept:
            end += len(line.data)
            failure = None if taken >= end else error
            if line.written is not None:
                settled.append((line.written, failure))
            else:
                self._count_out(line, is_dropped=failure is not None)
        _tell(settled)
        return error

    def _push(self, data: bytes) -> tuple[int, OSError | None]:
        """Write as much as can be; returns how many bytes that was, and what kept the others from it."""
        view, taken = memoryview(data), 0
        while taken < len(view):
            try:
                count = os.write(self._descriptor, view[taken:])
            except BlockingIOError:
                # Somebody else with the same terminal or pipe has made it a non-blocking one.
                _wait_for_room(self._descriptor)
            except OSError as exc:
                return taken, exc
            else:
                taken += count
                self.progress += count
        return taken, None

    def _count_out(self, line: LogLine, *, is_dropped: bool) -> None:
        with self._lock:
            if is_dropped:
                self._told -= line.tells
            if line.is_own:
                self._lines -= 1
                self._bytes -= len(line.data)
                self.dropped += is_dropped

    def _notice(self) -> Sequence[LogLine]:
        """Return a line that tells what was dropped since the last such line; none where there is nothing to tell."""
        with self._lock:
            count = self.dropped - self._told
            if not count or self.tell_dropped is None:
                return ()
            self._told += count
        return (LogLine(_encode(self.tell_dropped(count)), tells=count),)


def _encode(line: str) -> bytes:
    return f"{line}\n".encode(errors="backslashreplace")


def _wait_for_room(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    poll.poll(1_000)
    time.sleep(RETRY_S)


def _tell(settled: Sequence[tuple[Written, OSError | None]]) -> None:
    """Have futures set in their event loops; all of one loop at once, for that wakes it once."""
    for loop in {future.get_loop() for future, _ in settled}:
        here = [(future, error) for future, error in settled if future.get_loop() is loop]
        with suppress(RuntimeError):  # it was closed meanwhile, and nobody waits there any more
            loop.call_soon_threadsafe(_set, here)


def _set(settled: Sequence[tuple[Written, OSError | None]]) -> None:
    for future, error in settled:
        if not future.done():
            future.set_result(error)
