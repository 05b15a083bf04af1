"""What one simulated API is made of, the truth about it, and how it is steered while it runs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jobwatchd.ports import Clock
from jobwatchd.simulator.faults import Fault, FaultInjector
from jobwatchd.simulator.job import GONE, Phase, SimulatedJob, Words, history
from jobwatchd.simulator.roster import JobSpec, Roster
from jobwatchd.simulator.server import json_answer


@dataclass(frozen=True, slots=True)
class World:
    """The jobs of one API, how they are added, its faults, and how often each endpoint itself has answered."""

    kind: str
    clock: Clock
    words: Words
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
    jobs = [_job_truth(world, job, now) for job in world.roster if job.created_at <= now]
    return {
        "kind": world.kind,
        "now": now,
        "jobs": jobs,
        "all_ended": len(jobs) == len(world.roster) and all(job["ended"] for job in jobs),
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


class _Faults(BaseModel, extra="forbid"):
    faults: list[Fault]


class _Jobs(BaseModel, extra="forbid"):
    jobs: list[JobSpec]


def control_routes(world: World) -> list[Route]:
    """Return the routes of `POST /_sim/faults`, `POST /_sim/jobs` and `GET /_sim/truth`.

    `{"faults": […]}` replaces all faults, `{"jobs": […]}` adds jobs and answers 201 with their `keys`; the fields are
    those of `Fault` and `JobSpec`. What cannot be is answered 422 with the reason under `error`: faults stay as they
    were, and the jobs before the refused one are added.
    """

    async def set_faults(request: Request) -> Response:
        try:
            world.faults.set(*_Faults.model_validate_json(await request.body()).faults)
        except ValueError as exc:
            return _refused(exc)
        return json_answer({"faults": len(world.faults.faults)})

    async def add_jobs(request: Request) -> Response:
        keys: list[str] = []
        try:
            for spec in _Jobs.model_validate_json(await request.body()).jobs:
                keys += world.roster.add(spec)
        except ValueError as exc:
            return _refused(exc)
        return json_answer({"keys": keys}, HTTPStatus.CREATED)

    async def tell_truth(_request: Request) -> Response:
        return json_answer(truth(world))

    return [
        Route("/_sim/faults", set_faults, methods=["POST"]),
        Route("/_sim/jobs", add_jobs, methods=["POST"]),
        Route("/_sim/truth", tell_truth, methods=["GET"]),
    ]


def _refused(exc: ValueError) -> Response:
    problem: Any = (
        exc.errors(include_url=False, include_context=False) if isinstance(exc, ValidationError) else str(exc)
    )
    return json_answer({"error": problem}, HTTPStatus.UNPROCESSABLE_ENTITY)
