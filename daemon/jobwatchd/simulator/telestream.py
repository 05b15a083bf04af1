"""A simulated Telestream UP: its workflow job API as a real HTTP server answers it.

Written from the vendor's documentation (Get particular Workflow Job Details, and the jobs summary) and not from the
source that reads it. Where the documentation is silent, a choice is made and said.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from jobwatchd.ports import Clock
from jobwatchd.simulator.fate import Odds
from jobwatchd.simulator.faults import Dialect, FaultInjector, FaultyApp
from jobwatchd.simulator.job import TELESTREAM_WORDS, SimulatedJob, phase_at, progress_at
from jobwatchd.simulator.roster import ApiTraits, JobNames, JobSpec, Roster
from jobwatchd.simulator.server import RawJson, json_answer
from jobwatchd.simulator.world import World, control_routes

SPACE_ID = "d290f1ee-6c54-4b01-90e6-d701748f0851"
WORKFLOWS = (
    ("e3c908ad-dc8f-4edb-88f7-c84dec0aef99", "MyWorkflow"),
    ("0b7d2f8e-51c4-4f6a-9a57-3f1f0f6c2d11", "Transcode"),
)
# The bodies of errors are not documented.
NOT_FOUND_BODY = orjson.dumps({"message": "The workflow job was not found."})
UNAUTHORIZED_BODY = orjson.dumps({"message": "The API key is missing or wrong."})


@dataclass(frozen=True, slots=True, kw_only=True)
class TelestreamOptions:
    """How this UP is set up; with `one_element_lists` it shows values as the documentation's example does."""

    api_key: str = "up-key"
    one_element_lists: bool = False


DEFAULT_OPTIONS = TelestreamOptions()
DEFAULT_ODDS = Odds()
DIALECT = Dialect(status_field="state", unknown=TELESTREAM_WORDS.unknown, not_found=NOT_FOUND_BODY)


class TelestreamSimulator:
    """One UP: its world to add jobs and faults to, and the `app` to serve."""

    def __init__(
        self, clock: Clock, options: TelestreamOptions = DEFAULT_OPTIONS, *, seed: int = 0, odds: Odds = DEFAULT_ODDS
    ) -> None:
        self._clock = clock
        self._options = options
        self._authorization = f"Bearer {options.api_key}"
        roster = Roster(clock, ApiTraits(TELESTREAM_WORDS, _named, has_tasks=False), odds=odds, seed=seed)
        faults = FaultInjector(clock, seed, has_envelope=False)
        self.world = World("telestream-up", clock, TELESTREAM_WORDS, roster, faults)
        self.app = FaultyApp(self._router(), faults, DIALECT, clock)

    def _router(self) -> Router:
        jobs = "/{space_id}/workflows/{workflow_id}/jobs"
        return Router(
            [
                Route(f"{jobs}/summary", self._summary, methods=["GET"]),
                Route(f"{jobs}/{{job_id}}", self._job, methods=["GET"]),
                *control_routes(self.world),
            ],
            redirect_slashes=False,
        )

    async def _job(self, request: Request) -> Response:
        self.world.calls["job"] += 1
        if not self._is_admitted(request):
            return RawJson(UNAUTHORIZED_BODY, 401)
        names = request.path_params
        now = self._clock.now()
        job = self.world.roster.find(f"{names['space_id']}/{names['workflow_id']}/{names['job_id']}", now)
        if job is None:
            return RawJson(NOT_FOUND_BODY, 404)
        return json_answer(job_fields(job, now, one_element_lists=self._options.one_element_lists))

    async def _summary(self, request: Request) -> Response:
        self.world.calls["summary"] += 1
        if not self._is_admitted(request):
            return RawJson(UNAUTHORIZED_BODY, 401)
        return json_answer(self._counted(request.path_params["space_id"], request.path_params["workflow_id"]))

    def _is_admitted(self, request: Request) -> bool:
        return request.headers.get("authorization") == self._authorization

    def _counted(self, space_id: str, workflow_id: str) -> dict[str, Any]:
        words, now = TELESTREAM_WORDS, self._clock.now()
        jobs = [
            job
            for job in self.world.roster.oldest_first(workflow_id)
            if job.key.startswith(f"{space_id}/") and job.is_known(now)
        ]
        counts = Counter(phase.status for job in jobs if (phase := job.phase(now)) is not None)
        return {
            # Where a job counts that is being tried again is not documented: it waits.
            "waiting_job_count": counts[words.queued] + counts[words.retrying],
            "in_process_job_count": counts[words.running],
            "completed_job_count": counts[words.succeeded],
            "failed_job_count": counts[words.failed],
            "stopped_job_count": counts[words.cancelled],
            "total_job_count": len(jobs),
            "activation_date": utc_text(jobs[0].created_at) if jobs else None,
            "last_used_date": utc_text(jobs[-1].created_at) if jobs else None,
        }


def _named(spec: JobSpec, number: int) -> JobNames:
    workflow_id, workflow_name = WORKFLOWS[number % len(WORKFLOWS)]
    if spec.workflow_id is not None:
        workflow_id, workflow_name = spec.workflow_id, f"Workflow {spec.workflow_id}"
    space_id = spec.space_id or SPACE_ID
    # Not random, so that the same jobs have the same names whatever was drawn before.
    job_id = spec.job_id or str(uuid5(UUID(SPACE_ID), str(number)))
    if job_id == "summary":
        raise ValueError("a job cannot be called 'summary', its path is another endpoint's")
    return JobNames(
        f"{space_id}/{workflow_id}/{job_id}", job_id, f"{workflow_name} {number}", workflow_id, workflow_name
    )


def job_fields(job: SimulatedJob, now: datetime, *, one_element_lists: bool) -> dict[str, Any]:
    """Return a known job; with `one_element_lists` each value but null stands in a list, as in the documentation."""
    elapsed_s = job.elapsed_s(now)
    phase = phase_at(job.life, elapsed_s)
    progress = progress_at(job.life, elapsed_s, TELESTREAM_WORDS)
    fields = {
        "id": job.id,
        "name": job.name,
        "workflow_id": job.workflow_id,
        "workflow_name": job.workflow_name,
        "workflow_version": "1.0",
        "progress": progress.percent,
        "state": phase.status if phase is not None else None,
        "created_at": utc_text(job.created_at),
        "updated_at": utc_text(job.created_at + timedelta(seconds=progress.since_s)),
        "elapsed_time": None,
    }
    if phase is not None and TELESTREAM_WORDS.is_terminal(phase.status):
        fields["elapsed_time"] = timespan(timedelta(seconds=phase.after_s))
    if one_element_lists:
        return {name: value if value is None else [value] for name, value in fields.items()}
    return fields


def utc_text(at: datetime) -> str:
    """Return an instant as UP writes it: UTC, microseconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def timespan(duration: timedelta) -> str:
    """Return a duration as a TimeSpan, `[d.]h:mm:ss[.fraction]`, such as `1:23:45` or `136.08:01:23.5`."""
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{duration.days}.{hours:02}" if duration.days else f"{hours}"
    fraction = f".{duration.microseconds:06}".rstrip("0") if duration.microseconds else ""
    return f"{clock}:{minutes:02}:{seconds:02}{fraction}"
