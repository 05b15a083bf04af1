"""The jobs that somebody waits for, as a table for a terminal."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from jobwatchd.model.event import EventType
from jobwatchd.model.job import JobReference, Observation, State

COLORS = {State.SUCCEEDED: "green", State.FAILED: "red", State.CANCELLED: "yellow", State.RUNNING: "cyan"}


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
