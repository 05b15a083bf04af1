"""The summary of the demo: jobs by API and outcome, events, deliveries, delays."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from jobwatchd.cli.demo.comparison import Followed, ToldEvent, Truth
from jobwatchd.cli.demo.remote import followed
from jobwatchd.cli.demo.scene import GRAPH, MEDIA
from jobwatchd.cli.demo.screen import Screen
from jobwatchd.cli.demo.stage import Receiver, Stage
from jobwatchd.cli.table import print_table

APIS = {GRAPH: "NebulaGraph Explorer", MEDIA: "Telestream UP"}
OUTCOMES = ("succeeded", "failed", "cancelled", "lost", "under way")
COLUMNS = ("api", "jobs", *OUTCOMES)


def outcomes(watches: Iterable[Mapping[str, Any]]) -> list[list[object]]:
    """Return the rows of the table: how many watches of each API ended how."""
    counts = {source: Counter[str]() for source in APIS}
    for watch in watches:
        ended = "lost" if watch["lost"] else watch["state"] if watch["ended_at"] else "under way"
        counts[watch["source"]][ended] += 1
    return [
        [APIS[source], found.total(), *(found[outcome] for outcome in OUTCOMES)] for source, found in counts.items()
    ]


def facts(
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
    print_table(COLUMNS, outcomes(watches))
    screen.line()
    for subject, fact in facts(stage.receiver, events, truths, map(followed, watches)).items():
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
