"""A simulated NebulaGraph Explorer: its workflow API as a real HTTP server answers it.

Written from the vendor's documentation (Workflow API overview, and the pages of the five endpoints) and not from the
source that reads it. Where the documentation is silent, a choice is made and said.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from jobwatchd.ports import Clock
from jobwatchd.simulator.fate import Odds
from jobwatchd.simulator.faults import Dialect, FaultInjector, FaultyApp
from jobwatchd.simulator.job import NEBULA_WORDS, SimulatedJob, interrupted, phase_at
from jobwatchd.simulator.nebula_answers import (
    FAULT_BODIES,
    Code,
    ListQuery,
    Refusal,
    enveloped,
    shown_in_full,
    shown_in_list,
)
from jobwatchd.simulator.roster import ApiTraits, JobNames, JobSpec, Roster
from jobwatchd.simulator.server import RawJson
from jobwatchd.simulator.world import World, control_routes

API = "/api-open/v1"
FIRST_JOB_ID = 2000
WORKFLOWS = (("3992429968", "workflow_xkkjf"), ("4216617528", "workflow_nightly"), ("4300000017", "workflow_audit"))

RouteHandler = Callable[[Request], Awaitable[Response]]
COOKIE = "explorer_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class NebulaOptions:
    """How this Explorer is set up.

    A token ends after `token_ttl_s` seconds, and after `token_uses` requests unless that is None. With `stray_hash` the
    login cookie has the stray `#` of the documentation's example. Errors have the HTTP status of their code's first
    three digits, or 200 with `errors_under_200`. A cancelled job is stopping for `stop_s` seconds.
    """

    account: str = "root"
    password: str = "nebula"  # noqa: S105 - of a simulated server
    token_ttl_s: float = 259_200.0
    token_uses: int | None = None
    stray_hash: bool = True
    errors_under_200: bool = False
    stop_s: float = 1.0


DEFAULT_OPTIONS = NebulaOptions()
DEFAULT_ODDS = Odds()
DIALECT = Dialect(
    status_field="status",
    unknown=NEBULA_WORDS.unknown,
    not_found=enveloped(None, Code.NOT_FOUND),
    envelope_errors=FAULT_BODIES,
)


class NebulaSimulator:
    """One Explorer: its world to add jobs and faults to, its login sessions, and the `app` to serve."""

    def __init__(
        self, clock: Clock, options: NebulaOptions = DEFAULT_OPTIONS, *, seed: int = 0, odds: Odds = DEFAULT_ODDS
    ) -> None:
        self._clock = clock
        self._options = options
        roster = Roster(clock, ApiTraits(NEBULA_WORDS, _named, has_tasks=True), odds=odds, seed=seed)
        faults = FaultInjector(clock, seed, has_envelope=True)
        self.world = World("nebula-explorer", clock, NEBULA_WORDS, roster, faults)
        self.sessions = Sessions(clock, ttl_s=options.token_ttl_s, uses=options.token_uses)
        self.app = FaultyApp(self._router(), faults, DIALECT, clock)

    def _router(self) -> Router:
        return Router(
            [
                Route(f"{API}/jobs/{{job_id}}", self._answering("job", self._job), methods=["GET"]),
                Route(f"{API}/jobs", self._answering("list", self._list), methods=["GET"]),
                Route(
                    f"{API}/workflows/{{workflow_id}}/jobs",
                    self._answering("workflow_list", self._list),
                    methods=["GET"],
                ),
                Route(f"{API}/jobs/{{job_id}}/cancel", self._answering("cancel", self._cancel), methods=["PUT"]),
                Route(f"{API}/connect", self._answering("connect", self._connect), methods=["POST"]),
                *control_routes(self.world),
            ],
            redirect_slashes=False,
        )

    def _answering(self, name: str, endpoint: RouteHandler) -> RouteHandler:
        async def answer(request: Request) -> Response:
            self.world.calls[name] += 1
            try:
                return await endpoint(request)
            except Refusal as refusal:
                status = 200 if self._options.errors_under_200 else refusal.code.http_status
                return RawJson(enveloped(None, refusal.code), status)

        return answer

    async def _connect(self, request: Request) -> Response:
        options = self._options
        if request.headers.get("authorization") != login_header(options.account, options.password):
            raise Refusal(Code.UNAUTHORIZED)
        try:
            graphd = orjson.loads(await request.body())
        except orjson.JSONDecodeError as exc:
            raise Refusal(Code.BAD_REQUEST) from exc
        if not _names_graphd(graphd):
            raise Refusal(Code.PARAM)
        stray = "# " if options.stray_hash else ""
        cookie = f"{COOKIE}={self.sessions.begin()}; Path=/; {stray}Max-Age={options.token_ttl_s:.0f}; HttpOnly"
        # What `data` holds is not documented.
        return RawJson(enveloped(None), headers={"set-cookie": cookie})

    async def _job(self, request: Request) -> Response:
        self._admit(request)
        return RawJson(enveloped(shown_in_full(self._found(request), self._clock.now())))

    async def _list(self, request: Request) -> Response:
        self._admit(request)
        query = ListQuery.read(request.query_params)
        now = self._clock.now()
        jobs, total = query.page_of(self.world.roster.oldest_first(request.path_params.get("workflow_id")), now)
        items = [shown_in_list(job, now) for job in jobs]
        data = {"items": items, "total": total, "Page": query.page, "PageSize": query.page_size}
        return RawJson(enveloped(data))

    async def _cancel(self, request: Request) -> Response:
        self._admit(request)
        job = self._found(request)
        at_s = job.elapsed_s(self._clock.now())
        phase = phase_at(job.life, at_s)
        # What cancelling does to a job that has ended is not documented.
        if phase is None or NEBULA_WORDS.is_terminal(phase.status):
            raise Refusal(Code.BAD_REQUEST)
        if phase.status != NEBULA_WORDS.stopping:
            self.world.roster.put(_cancelled(job, at_s, self._options.stop_s))
        return RawJson(enveloped(None))

    def _admit(self, request: Request) -> None:
        token = token_in(request.headers.get("cookie"))
        if token is None:
            raise Refusal(Code.UNAUTHORIZED)
        if not self.sessions.use(token):
            raise Refusal(Code.SESSION)
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refusal(Code.BAD_REQUEST)

    def _found(self, request: Request) -> SimulatedJob:
        job_id = request.path_params["job_id"]
        if not job_id.isdecimal():
            raise Refusal(Code.PARAM)
        job = self.world.roster.find(job_id, self._clock.now())
        if job is None:
            raise Refusal(Code.NOT_FOUND)
        return job


def _named(spec: JobSpec, number: int) -> JobNames:
    job_id = spec.job_id or str(FIRST_JOB_ID + number)
    if not job_id.isdecimal():
        raise ValueError(f"the job_id of an Explorer job is a number, got {job_id!r}")
    workflow_id, workflow_name = WORKFLOWS[number % len(WORKFLOWS)]
    if spec.workflow_id is not None:
        workflow_id, workflow_name = spec.workflow_id, f"workflow_{spec.workflow_id}"
    return JobNames(job_id, job_id, f"{workflow_name}_{job_id}", workflow_id, workflow_name)


def _names_graphd(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("address"), str) and type(value.get("port")) is int


def _cancelled(job: SimulatedJob, at_s: float, stop_s: float) -> SimulatedJob:
    tasks = []
    for task in job.tasks:
        phase = phase_at(task.life, at_s)
        done = phase is None or NEBULA_WORDS.is_terminal(phase.status)
        tasks.append(task if done else replace(task, life=interrupted(task.life, at_s, NEBULA_WORDS, stop_s)))
    return replace(job, life=interrupted(job.life, at_s, NEBULA_WORDS, stop_s), tasks=tuple(tasks))


class Sessions:
    """Gives out tokens that end after `ttl_s` seconds, and after `uses` requests unless that is None."""

    def __init__(self, clock: Clock, *, ttl_s: float, uses: int | None) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._uses = uses
        self._open: dict[str, _Session] = {}

    def begin(self) -> str:
        """Return a new token."""
        now = self._clock.monotonic()
        self._open = {token: session for token, session in self._open.items() if session.ends_at_s > now}
        token = "eyJhb" + token_hex(16)
        self._open[token] = _Session(now + self._ttl_s, self._uses)
        return token

    def use(self, token: str) -> bool:
        """Whether a request with this token is let in; counts as one use of it."""
        session = self._open.get(token)
        if session is None or session.ends_at_s <= self._clock.monotonic():
            return False
        if session.uses_left is not None:
            if session.uses_left == 0:
                return False
            session.uses_left -= 1
        return True

    def end_all(self) -> None:
        """End every session, as a restart of the server does."""
        self._open.clear()


@dataclass(slots=True)
class _Session:
    ends_at_s: float
    uses_left: int | None


def login_header(account: str, password: str) -> str:
    """Return the Authorization header that `connect` wants: Workflow API overview."""
    return "Bearer " + b64encode(f"{account}:{password}".encode()).decode()


def token_in(cookie_header: str | None) -> str | None:
    """Return the token in a Cookie header, None where it holds none."""
    for pair in (cookie_header or "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE and value:
            return value
    return None
