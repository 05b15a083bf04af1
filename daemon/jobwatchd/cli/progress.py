"""What somebody who waits sees: a live table on a terminal, one line an event elsewhere."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from jobwatchd.model.event import Event
from jobwatchd.model.job import JobReference, Observation, State

COLORS = {State.SUCCEEDED: "green", State.FAILED: "red", State.CANCELLED: "yellow", State.RUNNING: "cyan"}


class Progress:
    """Shows jobs as they move; a context manager."""

    def __init__(self, refs: Sequence[JobReference], stream: TextIO) -> None:
        self._console = Console(file=stream)
        self._rows: dict[JobReference, Observation | None] = dict.fromkeys(refs)
        self._last: dict[JobReference, str] = {}
        self._live = Live(console=self._console, refresh_per_second=4) if self._console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
            self._live.update(self._table())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, ref: JobReference, observation: Observation) -> None:
        """Show what was seen of a job, news or not."""
        self._rows[ref] = observation
        if self._live is not None:
            self._live.update(self._table())

    def tell(self, event: Event) -> None:
        """Show an event."""
        if event.ref is not None:
            self._last[event.ref] = event.type
        if self._live is not None:
            self._live.update(self._table())
            return
        detail = "" if event.detail is None else f"  {event.detail}"
        about = event.subject if event.task is None else f"{event.subject} {event.task.name or event.task.id}"
        line = f"{event.observed_at:%H:%M:%S}  {about}  {event.type}{detail}"
        self._console.print(line, soft_wrap=True, markup=False, highlight=False)

    def _table(self) -> Table:
        table = Table("JOB", "NAME", "STATE", "PROGRESS", "RUNNING FOR", box=None, pad_edge=False)
        for ref, seen in self._rows.items():
            if seen is None:
                last = self._last.get(ref, "looking …").removeprefix("job.")
                table.add_row(ref.job, "", last, "", "")
                continue
            state = seen.state or seen.native_state
            lost = self._last.get(ref) == "job.lost"
            shown = Text("lost", "red") if lost else Text(str(state), COLORS.get(seen.state, "") if seen.state else "")
            progress = "" if seen.progress is None else f"{seen.progress:.0f} %"
            table.add_row(ref.job, seen.name or "", shown, progress or _tasks(seen), _age(seen))
        return table


def _tasks(seen: Observation) -> str:
    """Return how many tasks are done, for APIs that tell no percentage."""
    if not seen.tasks:
        return ""
    done = sum(1 for task in seen.tasks if task.state is not None and task.state.is_terminal)
    return f"{done} of {len(seen.tasks)} tasks"


def _age(seen: Observation) -> str:
    if seen.started_at is None:
        return ""
    seconds = int(((seen.finished_at or datetime.now(UTC)) - seen.started_at).total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}" if seconds >= 0 else ""
