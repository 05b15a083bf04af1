"""What one simulated API is made of, and the truth about it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jobwatchd.ports import Clock
from jobwatchd.simulator.faults import FaultInjector
from jobwatchd.simulator.fleet import Fleet
from jobwatchd.simulator.job import SimulatedJob
from jobwatchd.simulator.life import Phase, history
from jobwatchd.simulator.roster import Roster
from jobwatchd.simulator.words import GONE, Words


@dataclass(frozen=True, slots=True)
class World:
    """The jobs of one API, how they are added, its faults, and how often each endpoint itself has answered."""

    kind: str
    clock: Clock
    words: Words
    fleet: Fleet
    roster: Roster
    faults: FaultInjector
    calls: Counter[str] = field(default_factory=Counter)


def truth(world: World) -> dict[str, Any]:
    """Return what really happened up to now, in the shape of `GET /_sim/truth`.

    `jobs`: `key`, present `state` and `native` status, `ended`, `final` (the state in which it ends if nobody cancels
    it), `history` and, by task id, `tasks`; both lists of `{state, native, at}`, oldest first. States are those of
    `model.job.State`, or `unmapped`, or `gone`. `calls` counts what the API itself answered, `faults` what it did not.
    """
    now = world.clock.now()
    jobs = [_job_truth(world, job, now) for job in world.fleet if job.created_at <= now]
    return {
        "kind": world.kind,
        "now": now,
        "jobs": jobs,
        "all_ended": len(jobs) == len(world.fleet) and all(job["ended"] for job in jobs),
        "calls": dict(world.calls),
        "faults": {kind.value: hits for kind, hits in world.faults.counts.items()},
    }


def _job_truth(world: World, job: SimulatedJob, now: datetime) -> dict[str, Any]:
    past = history(job.life, job.elapsed_s(now))
    last = job.life.phases[-1]
    return {
        "key": job.key,
        "state": world.words.meaning(past[-1].status),
        "native": past[-1].status,
        "ended": len(past) == len(job.life.phases) and _is_end(world.words, last),
        "final": world.words.meaning(last.status),
        "history": _told(world.words, job.created_at, past),
        "tasks": {
            task.id: _told(world.words, job.created_at, history(task.life, job.elapsed_s(now))) for task in job.tasks
        },
    }


def _is_end(words: Words, phase: Phase) -> bool:
    return words.is_terminal(phase.status) or words.meaning(phase.status) == GONE


def _told(words: Words, created_at: datetime, phases: Iterable[Phase]) -> list[dict[str, Any]]:
    return [
        {
            "state": words.meaning(phase.status),
            "native": phase.status,
            "at": created_at + timedelta(seconds=phase.after_s),
        }
        for phase in phases
    ]
