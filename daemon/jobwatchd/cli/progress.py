"""What somebody who waits sees on standard error: a live table on a terminal, a line for each event elsewhere.

It is written by a thread of its own: who waits for a job must not wait for whoever reads about it. What nobody takes
is dropped.
"""

import os
import re
import select
import signal
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event as Flag
from threading import Thread
from types import FrameType, TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from jobwatchd.cli.diagnosis import is_of_source
from jobwatchd.cli.output import STDERR_PATIENCE_S
from jobwatchd.errors import JobNotFound, SourceError, SourceUnauthorized
from jobwatchd.model.event import Event, EventType
from jobwatchd.model.job import JobReference, Observation, State

COLORS = {State.SUCCEEDED: "green", State.FAILED: "red", State.CANCELLED: "yellow", State.RUNNING: "cyan"}
REFRESH_S = 0.25
TICK_S = 1.0
MOST_LINES = 1_000
SHOW_CURSOR = b"\x1b[?25h"
_URL = re.compile(r"https?://\S+")


class Board:
    """Remembers what was last seen and told of each job; `clean` makes a text from outside fit for a terminal."""

    def __init__(self, refs: Sequence[JobReference], clean: Callable[[str], str]) -> None:
        self._clean = clean
        self._rows: dict[JobReference, Observation | None] = dict.fromkeys(refs)
        self._lost: set[JobReference] = set()

    def see(self, ref: JobReference, observation: Observation) -> None:
        """Remember what was seen of a job."""
        self._rows[ref] = observation

    def tell(self, ref: JobReference, event: EventType) -> None:
        """Remember whether the job is lost."""
        (self._lost.add if event is EventType.JOB_LOST else self._lost.discard)(ref)

    def was_seen(self, ref: JobReference) -> bool:
        """Whether the job has been there."""
        return self._rows.get(ref) is not None

    def table(self) -> Table:
        """Return the table as of now."""
        table = Table("JOB", "NAME", "STATE", "PROGRESS", "RUNNING FOR", box=None, pad_edge=False)
        for ref, seen in list(self._rows.items()):
            if seen is None:
                table.add_row(Text(ref.job), "", "looking …", "", "")
                continue
            word = "lost" if ref in self._lost else self._clean(str(seen.state or seen.native_state))
            color = "red" if ref in self._lost else COLORS.get(seen.state, "") if seen.state else ""
            facts = seen.facts
            progress = "" if facts.progress is None else f"{facts.progress:.0f} %"
            name = Text(self._clean(facts.name) if facts.name else "")
            table.add_row(Text(ref.job), name, Text(word, color), progress or _tasks(seen), _age(seen))
        return table


def _tasks(seen: Observation) -> str:
    """Return how many tasks are done, for APIs that tell no percentage."""
    if not seen.tasks:
        return ""
    done = sum(1 for task in seen.tasks if task.state is not None and task.state.is_terminal)
    return f"{done} of {len(seen.tasks)} tasks"


def _age(seen: Observation) -> str:
    facts = seen.facts
    if facts.started_at is None:
        return ""
    seconds = int(((facts.finished_at or datetime.now(UTC)) - facts.started_at).total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}" if seconds >= 0 else ""


class ProgressDisplay:
    """Shows jobs as they move, and why they cannot be seen; a context manager, and an `app.one_shot_wait.Onlooker`.

    `explain` makes a sentence of a failure, `clean` makes what came from outside fit to be shown, `patience` is how
    long a job may take to appear, in words.
    """

    def __init__(
        self,
        refs: Sequence[JobReference],
        stream: TextIO,
        *,
        explain: Callable[[SourceError], str],
        clean: Callable[[str], str],
        patience: str,
    ) -> None:
        self._stream = stream
        self._explain = explain
        self._clean = clean
        self._patience = patience
        console = Console(file=stream)
        # Not `console.is_terminal`, which the environment can force where there is none.
        self._console = console if stream.isatty() and not console.is_dumb_terminal else None
        self._board = Board(refs, clean)
        self._trouble: dict[str, str] = {}
        self._lines: deque[str] = deque()
        self._changed = Flag()
        self._over = Flag()
        self._writer = Thread(target=self._write, daemon=True)

    def __enter__(self) -> Self:
        if self._console is not None:
            _show_cursor_at_signals(self._stream)
        self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._changed.set()
        self._writer.join(STDERR_PATIENCE_S)

    def say(self, about: str, sentence: str) -> None:
        """Show a line about a source or a job; dropped where too many wait already."""
        if len(self._lines) < MOST_LINES:
            self._lines.append(self._clean(f"{datetime.now(UTC):%H:%M:%S}  {about}  {sentence}"))
        self._changed.set()

    def seen(self, ref: JobReference, observation: Observation | None) -> None:
        """Show what was seen of a job, news or not."""
        self._trouble.pop(ref.key, None)
        if self._trouble.pop(ref.source, None) is not None:
            self.say(ref.source, "answers again.")
        if observation is not None:
            self._board.see(ref, observation)
            self._changed.set()

    def told(self, event: Event) -> None:
        """Show an event of a job; what its source had was shown as failures already."""
        if event.ref is None:
            return
        self._board.tell(event.ref, event.type)
        self._changed.set()
        if self._console is None:
            about = event.subject if event.task is None else f"{event.subject} {event.task.name or event.task.id}"
            self.say(about, event.type if event.detail is None else f"{event.type}  {event.detail}")

    def failed(self, ref: JobReference, error: SourceError) -> None:
        """Say what is wrong, once for as long as it is the same."""
        about = ref.source if is_of_source(error) else ref.key
        sentence = self._explain(error)
        trouble = error.reason if isinstance(error, SourceUnauthorized) else _URL.sub("", sentence)
        if self._trouble.get(about) != trouble:
            self._trouble[about] = trouble
            self.say(about, f"{sentence}; {self._next_step(ref, error)}.")

    def _next_step(self, ref: JobReference, error: SourceError) -> str:
        if isinstance(error, JobNotFound) and not self._board.was_seen(ref):
            return f"waiting up to {self._patience} for it to appear"
        return "trying once more" if isinstance(error, SourceUnauthorized) else "trying again"

    def _write(self) -> None:
        # Somebody who has gone, a disk that is full: nobody is told then, and the waiting goes on.
        with suppress(OSError, ValueError):
            if self._console is None:
                self._write_lines()
            else:
                self._write_table(self._console)

    def _write_lines(self) -> None:
        while not (self._over.is_set() and not self._lines):
            self._changed.wait()
            self._changed.clear()
            while self._lines:
                self._stream.write(f"{self._lines.popleft()}\n")
                self._stream.flush()

    def _write_table(self, console: Console) -> None:
        live = Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
        with live:
            is_over = False
            while not is_over:
                is_over = self._over.is_set()
                while self._lines:
                    console.print(Text(self._lines.popleft()), soft_wrap=True)
                live.update(self._board.table(), refresh=True)
                if not is_over:
                    self._over.wait(REFRESH_S)
                    self._changed.wait(TICK_S)
                    self._changed.clear()


def _show_cursor_at_signals(stream: TextIO) -> None:
    """Have signals that end the process bring back the cursor, which a live table hides."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        end = signal.getsignal(number)
        if not callable(end):
            continue

        def show_and_end(number: int, frame: FrameType | None, end: Callable[..., object] = end) -> None:
            with suppress(OSError, ValueError):
                descriptor = stream.fileno()
                if select.select([], [descriptor], [], 0)[1]:  # a terminal may be stopped, as by Ctrl-S
                    os.write(descriptor, SHOW_CURSOR)
            end(number, frame)

        signal.signal(number, show_and_end)
