"""What a person sees: one aligned line an event, now and then a sentence about what is going on, and a summary."""

import math
import os
import shutil
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from jobwatchd.cli.demo.comparison import Followed, ToldEvent, Truth
from jobwatchd.cli.demo.remote import followed
from jobwatchd.cli.demo.scene import GRAPH, MEDIA, short_key
from jobwatchd.cli.demo.stage import Receiver, Stage
from jobwatchd.cli.table import print_table, printable

STYLES = {
    "succeeded": "green",
    "failed": "bold red",
    "lost": "bold red",
    "cancelled": "yellow",
    "stopping": "yellow",
    "overdue": "yellow",
    "retrying": "magenta",
    "reopened": "magenta",
    "unmapped": "magenta",
    "running": "cyan",
}
TIME, TYPE, JOB, DELAY, NAME = 8, 14, 15, 7, 22
HEADING = ("TIME", "EVENT", "JOB", "DELAY", "NAME", "DETAIL")
# From this width on there is room for the name and the detail beside each other.
WIDE = 110
SLOW_S = 2.0
APIS = {GRAPH: "NebulaGraph Explorer", MEDIA: "Telestream UP"}
OUTCOMES = ("succeeded", "failed", "cancelled", "lost", "under way")
COLUMNS = ("api", "jobs", *OUTCOMES)


class Screen:
    """Prints to `stream`, in colours and within its width on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False)
        self._width = self._console.width if self._console.is_terminal else None
        self._held: list[tuple[Mapping[str, Any], datetime]] | None = []

    def line(self, text: str | Text = "", style: str = "") -> None:
        """Print a line as it is, however long."""
        self._console.print(text, style=style, markup=False, soft_wrap=True)

    def say(self, sentence: str, style: str = "bold") -> None:
        """Print a sentence about what is going on."""
        self.line(Text.assemble((f"{datetime.now().astimezone():%H:%M:%S}", "dim"), "  ", (sentence, style)))

    def introduce(self, stage: Stage) -> None:
        """Say what runs where, and how to look at it."""
        self.line("jobwatchd demo: two simulated job APIs, the real daemon, a webhook receiver", "bold")
        self.line()
        daemon, program = stage.remote.daemon, _program()
        for name, value in {
            "graph": f"{stage.simulators['graph']}  a NebulaGraph Explorer",
            "media": f"{stage.simulators['media']}  a Telestream UP",
            "daemon": f"{daemon}  polls both",
            "its log": str(stage.daemon_log),
            "its config": str(stage.config),
            "receiver": f"{stage.hook_url}  verifies signatures",
        }.items():
            self.line(f"  {name:<12}{value}")
        self.line()
        self.line("Look at it while it runs:", "bold")
        for command in (
            f"curl -s {daemon}/metrics",
            f"curl -s {daemon}/livez",
            f"curl -s {daemon}/v1/status",
            f"{program} watch list --url {daemon}",
            f"{program} watch show graph/1964 --url {daemon}",
            f"{program} events --follow --url {daemon}",
        ):
            self.line(f"  {command}")
        self.line()
        self._row([(heading, "dim") for heading in HEADING])
        held, self._held = self._held or [], None
        for data, arrived_at in held:
            self.event(data, arrived_at)

    def event(self, data: Mapping[str, Any], arrived_at: datetime) -> None:
        """Print an event as it arrives: when, what, which job, how long after it happened, its name, and more.

        What arrives before `introduce` is printed by it.
        """
        if self._held is not None:
            self._held.append((data, arrived_at))
            return
        about, _, state = str(data["type"]).partition(".")
        style = STYLES.get(state, "") if about != "task" else "dim"
        # Tasks tell their times in whole seconds only, too coarse for a delay.
        since = data["observed_at"] if about == "task" else data["occurred_at"] or data["observed_at"]
        delay_s = max(0.0, (arrived_at - datetime.fromisoformat(since)).total_seconds())
        self._row(
            [
                (f"{arrived_at.astimezone():%H:%M:%S}", "dim"),
                (data["type"], style),
                (short_key(data["key"] or data["source"]), style if about == "task" else ""),
                (f"{delay_s:.2f} s", "yellow" if delay_s > SLOW_S else "dim"),
                (data["name"] or "", "dim"),
                (_detail(data), style),
            ]
        )

    def _row(self, cells: Sequence[tuple[str, str]]) -> None:
        (time, kind, job, delay, name, detail) = [(printable(text) if text else "", style) for text, style in cells]
        row = Text.assemble(
            (f"{time[0]:<{TIME}}  ", time[1]),
            (f"{kind[0]:<{TYPE}}  ", kind[1]),
            (f"{job[0]:<{JOB}}  ", job[1]),
            (f"{delay[0]:>{DELAY}}  ", delay[1]),
        )
        if self._width is not None and self._width < WIDE:
            row.append_text(Text(*(detail if detail[0] else name)))
        else:
            row.append_text(Text.assemble((f"{name[0]:<{NAME}}  ", name[1]), detail))
        row.rstrip()
        if self._width is not None:
            row.truncate(self._width, overflow="ellipsis")
        self.line(row)


def _detail(data: Mapping[str, Any]) -> str:
    about, _, state = str(data["type"]).partition(".")
    if about == "task":
        return f"task {data['task']['name'] or data['task']['id']}"
    if state == "reopened":
        return f"it was {data['previous_state']}"
    if data["detail"]:
        return str(data["detail"]).partition(",")[0]
    if data["inferred"]:
        return "not seen, but must have been"
    return "" if data["duration_s"] is None else f"ran {data['duration_s']:.1f} s"


def _program() -> str:
    """Return how a person runs this program again."""
    if shutil.which("jobwatchd") is not None:
        return "jobwatchd"
    program = sys.argv[0]
    if program.endswith("jobwatchd") and os.access(program, os.X_OK):
        return program
    return f"{sys.executable} -m jobwatchd"


def _outcomes(watches: Iterable[Mapping[str, Any]]) -> list[list[object]]:
    """Return the rows of the table: how many watches of each API ended how."""
    counts = {source: Counter[str]() for source in APIS}
    for watch in watches:
        ended = "lost" if watch["lost"] else watch["state"] if watch["ended_at"] else "under way"
        counts[watch["source"]][ended] += 1
    return [
        [APIS[source], found.total(), *(found[outcome] for outcome in OUTCOMES)] for source, found in counts.items()
    ]


def _facts(
    receiver: Receiver, events: Sequence[ToldEvent], truths: Iterable[Truth], followed: Iterable[Followed]
) -> Mapping[str, str]:
    """Return what there is to say beside the table, by its subject."""
    arrived, attempts = receiver.arrived, receiver.attempts
    retried = sum(1 for count in attempts.values() if count > 1)
    kinds = Counter(event.type.partition(".")[0] for event in events)
    told = {
        "events": f"{len(events)} told ({kinds['job']} of jobs, {kinds['task']} of tasks), {len(arrived)} arrived",
        "deliveries": f"{attempts.total()} attempts; {_count(retried, 'event')} sent more than once, "
        f"{_count(receiver.duplicates, 'duplicate')} dropped",
        "signatures": f"{attempts.total()} verified, {receiver.refused[401]} refused",
    }
    lags = list(_lags(arrived, truths, followed))
    if lags:
        told["seen"] = f"{_spread([seen_s for seen_s, _ in lags])} after the change"
        told["delivered"] = f"{_spread([arrived_s for _, arrived_s in lags])} after the change, outages included"
    return told


async def sum_up(stage: Stage, screen: Screen) -> None:
    """Print the summary of what happened so far."""
    watches = await stage.remote.watches()
    events = await stage.remote.events()
    truths, _ = await stage.remote.truths()
    screen.line()
    print_table(COLUMNS, _outcomes(watches))
    screen.line()
    for subject, fact in _facts(stage.receiver, events, truths, map(followed, watches)).items():
        screen.line(f"{subject:<12}{fact}")
    screen.line()


def _lags(
    arrived: Sequence[tuple[ToldEvent, datetime]], truths: Iterable[Truth], followed: Iterable[Followed]
) -> Iterator[tuple[float, float]]:
    """Yield the seconds from each job's change, by the simulator's clock, to its being seen, and to its arrival."""
    phases = {truth.key: truth.phases for truth in truths}
    since = {watch.key: watch.since for watch in followed}
    for event, arrived_at in arrived:
        state = event.type.removeprefix("job.")
        at = max(
            (
                phase.at
                for phase in phases.get(event.subject, ())
                if phase.state == state and phase.at <= event.observed_at
            ),
            default=None,
        )
        # What was there before the watch could not be seen sooner; an inferred state was not seen at all.
        if at is not None and at >= since.get(event.subject, at) and not event.inferred:
            yield (event.observed_at - at).total_seconds(), (arrived_at - at).total_seconds()


def _spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p99 = ordered[math.ceil(0.99 * len(ordered)) - 1]
    return f"median {statistics.median(ordered):.2f} s, p99 {p99:.2f} s"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
