"""What was told, held against what really happened; pure.

A state that lasted `SEEN_S` or longer while it was watched must have been told, and so must each end, unmapped words
and lost jobs among them. Shorter ones may have been missed, but nothing may be told that did not happen, or in another
order. Each event of the daemon must have come to the receiver, under the same id, numbered without gaps, in order.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

SEEN_S = 2.0
ENDS = frozenset({"succeeded", "failed", "cancelled"})
GONE, UNMAPPED, QUEUED = "gone", "unmapped", "queued"
TOLD_AS = {GONE: "lost"}


class StateEntry(NamedTuple):
    """From `at` on, a job or task was in this state: a `State`, `unmapped`, or `gone`."""

    state: str
    at: datetime


class Expected(NamedTuple):
    """An event that may, or must, have been told."""

    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened to one job up to `now`, and to its tasks by their id; phases are in order, at least one."""

    key: str
    phases: tuple[StateEntry, ...]
    tasks: Mapping[str, tuple[StateEntry, ...]]
    now: datetime


@dataclass(frozen=True, slots=True)
class Followed:
    """A watch: since when, and with which deadline, counted from the job's creation."""

    key: str
    since: datetime
    deadline_s: float | None


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event, as the daemon keeps it or as the receiver got it."""

    id: str
    type: str
    subject: str
    sequence: int
    observed_at: datetime
    task: str | None = None
    inferred: bool = False


def read_event(event: Mapping[str, Any]) -> ToldEvent:
    """Read an event of the daemon's API; a webhook's `data` has the same fields, but for `id` and `type`."""
    return ToldEvent(
        id=event["id"],
        type=event["type"],
        subject=event["key"] or event["source"],
        sequence=event["sequence"],
        observed_at=datetime.fromisoformat(event["observed_at"]),
        task=event["task"]["id"] if event["task"] else None,
        inferred=event["inferred"],
    )


def find_losses(
    truths: Iterable[Truth], watches: Iterable[Followed], events: Sequence[ToldEvent], received: Sequence[ToldEvent]
) -> list[str]:
    """Return a sentence for each thing that is missing, wrong or out of order; `events` are the daemon's."""
    by_key = {watch.key: watch for watch in watches}
    by_subject: dict[str, list[ToldEvent]] = defaultdict(list)
    for event in events:
        by_subject[event.subject].append(event)
    losses: list[str] = []
    for truth in truths:
        watch = by_key.get(truth.key)
        if watch is None:
            losses.append(f"{truth.key} was not watched.")
        else:
            losses += _job_losses(truth, watch, by_subject[truth.key])
    return [*losses, *_undelivered(events, received)]


def _job_losses(truth: Truth, watch: Followed, events: Sequence[ToldEvent]) -> Iterator[str]:
    of_job = [event.type for event in events if event.task is None and event.type != "job.overdue"]
    yield from _mismatch(truth.key, of_job, list(_expected_of_job(truth, watch)))
    for task, phases in truth.tasks.items():
        of_task = [event.type for event in events if event.task == task]
        # Every job has been queued; a task found so is not worth an event.
        lasting = [each for each in _expected(phases, truth.now, watch.since, "task") if each.type != "task.queued"]
        yield from _mismatch(f"{truth.key}, task {task}", of_task, lasting)
    overdue = sum(event.type == "job.overdue" for event in events)
    if overdue != _is_overdue(truth, watch):
        yield f"{truth.key}: job.overdue was told {overdue} times; expected {int(not overdue)}."


def _expected_of_job(truth: Truth, watch: Followed) -> Iterator[Expected]:
    """Insert what is told when an ended job comes back to life."""
    ended: Expected | None = None
    for phase, each in zip(truth.phases, _expected(truth.phases, truth.now, watch.since, "job"), strict=True):
        if ended is not None and phase.state != UNMAPPED:
            yield Expected("job.reopened", ended.required and each.required)
        yield each
        ended = each if phase.state in ENDS else None


def _expected(phases: Sequence[StateEntry], now: datetime, since: datetime, about: str) -> Iterator[Expected]:
    known = None
    for phase, until in zip(phases, [*(later.at for later in phases[1:]), None], strict=True):
        seen_s = ((until or now) - max(phase.at, since)).total_seconds()
        is_end = until is None and (phase.state in ENDS or phase.state == GONE)
        # Back from an unknown word in the state that was there before it, there is nothing to tell.
        required = (is_end or seen_s >= SEEN_S) and phase.state != known
        if phase.state != UNMAPPED:
            known = phase.state
        yield Expected(f"{about}.{TOLD_AS.get(phase.state, phase.state)}", required)


def _mismatch(name: str, types: Sequence[str], expected: Sequence[Expected]) -> Iterator[str]:
    pattern = "".join(f"(?:{re.escape(each.type)} ){'' if each.required else '?'}" for each in expected)
    if re.fullmatch(pattern, "".join(f"{kind} " for kind in types)):
        return
    missing = [each.type for each in expected if each.required and each.type not in types]
    wrong = [kind for kind in types if kind not in {each.type for each in expected}]
    verdict = (
        f"{', '.join(missing)} is missing" if missing else f"{', '.join(wrong)} is wrong" if wrong else "out of order"
    )
    happened = ", ".join(each.type if each.required else f"({each.type})" for each in expected)
    yield f"{name}: {verdict}: told was {', '.join(types) or 'nothing'}; expected {happened}."


def _is_overdue(truth: Truth, watch: Followed) -> bool:
    if watch.deadline_s is None:
        return False
    deadline = truth.phases[0].at + timedelta(seconds=watch.deadline_s)
    last = truth.phases[-1]
    return deadline < (last.at if last.state in ENDS else truth.now)


def _undelivered(events: Sequence[ToldEvent], received: Sequence[ToldEvent]) -> Iterator[str]:
    got = {event.id: event for event in received}
    kept = {event.id for event in events}
    for event in events:
        if event.id not in got:
            yield f"{event.subject}: {event.type} (event {event.sequence}) did not arrive at the receiver."
        elif got[event.id] != event:
            yield f"{event.subject}: event {event.sequence} arrived as {got[event.id].type}; expected {event.type}."
    for event in received:
        if event.id not in kept:
            yield f"{event.subject}: {event.type} (event {event.sequence}) arrived, but the daemon does not know it."
    yield from _misnumbered("the daemon has", events)
    yield from _misnumbered("the receiver got", received)


def _misnumbered(who: str, events: Sequence[ToldEvent]) -> Iterator[str]:
    sequences: dict[str, list[int]] = defaultdict(list)
    for event in events:
        sequences[event.subject].append(event.sequence)
    for subject, numbers in sequences.items():
        if numbers[0] != 1 or any(later != earlier + 1 for earlier, later in pairwise(numbers)):
            yield f"{subject}: {who} events {', '.join(map(str, numbers))}; expected 1 to {len(numbers)} in order."
