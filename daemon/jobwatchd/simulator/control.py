"""How a simulated API is steered while it runs, under /_sim, where no path of the real ones can be."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jobwatchd.simulator.answers import json_answer
from jobwatchd.simulator.faults import Fault
from jobwatchd.simulator.roster import JobSpec
from jobwatchd.simulator.world import World, truth


class _Faults(BaseModel):
    model_config = ConfigDict(extra="forbid")

    faults: list[Fault]


class _Jobs(BaseModel):
    model_config = ConfigDict(extra="forbid")

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
