"""What NebulaGraph Explorer answers: its envelope with result codes, and jobs, with their tasks or in pages.

Workflow API overview; Query details for a specified job; Get a list of all jobs; Get a list of jobs for a specified
workflow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum
from typing import Any, Self

import orjson

from jobwatchd.simulator.job import NEBULA_WORDS, Life, Phase, SimulatedJob, SimulatedTask, first_entered_s, phase_at

HTTP_STATUSES = range(400, 600)
SERVER_ZONE = timezone(timedelta(hours=8))
"""The documentation's example server stands in China; tasks are shown in its time, jobs in epoch milliseconds."""
DEFAULT_PAGE_SIZE = 10


class Code(IntEnum):
    """The `code` of an answer."""

    SUCCESS = 0
    BAD_REQUEST = 40004000
    PARAM = 40004001
    UNAUTHORIZED = 40104000
    SESSION = 40104001
    FORBIDDEN = 40304000
    NOT_FOUND = 40404000
    INTERNAL_SERVER = 50004000
    INTERNAL_DATABASE = 50004001
    INTERNAL_CONTROLLER = 50004002
    INTERNAL_LICENSE = 50004003
    UNKNOWN = 90004000

    @property
    def http_status(self) -> int:
        """The HTTP status that the code's first three digits are; 500 where they are none, 200 for success."""
        if self is Code.SUCCESS:
            return 200
        digits = self // 100_000
        return digits if digits in HTTP_STATUSES else 500

    @property
    def message(self) -> str:
        """The `message` that goes with it: `Success`, `ErrSession`, `ErrInternalServer`."""
        return "Success" if self is Code.SUCCESS else f"Err{self.name.title().replace('_', '')}"


UNLISTED_CODE = 50304000
"""In no documentation; by its first three digits the service is unavailable."""


class Refusal(Exception):
    """A request that is answered with an error code."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.message)
        self.code = code


def enveloped(data: Any, code: Code = Code.SUCCESS) -> bytes:
    """Return the body of an answer."""
    return orjson.dumps({"code": int(code), "data": data, "message": code.message})


_NO_FAULTS = {Code.SUCCESS, Code.PARAM, Code.UNAUTHORIZED, Code.NOT_FOUND}
FAULT_BODIES = (
    *(enveloped(None, code) for code in Code if code not in _NO_FAULTS),
    orjson.dumps({"code": UNLISTED_CODE, "data": None, "message": "ErrUnavailable"}),
)
"""Errors that say nothing about a job: not-found is a fault of its own."""


def seed_job() -> SimulatedJob:
    """Return the job of the documentation's example: 1964, with one task, succeeded in July 2022."""
    life = Life.of([(0.0, 0), (2.495, 1), (5.495, 2)])
    return SimulatedJob(
        key="1964",
        id="1964",
        name="workflow_xkkjf_20220712103332",
        workflow_id="3992429968",
        workflow_name="workflow_xkkjf",
        created_at=datetime(2022, 7, 12, 2, 33, 32, 505_000, tzinfo=UTC),
        life=life,
        tasks=(SimulatedTask("f93dea90fc3a11ecac7e6da0662c195b", "BFS", life),),
    )


def epoch_ms(at: datetime) -> int:
    """Return an instant in epoch milliseconds, as Explorer shows the times of jobs."""
    return round(at.timestamp() * 1000)


def shown_in_list(job: SimulatedJob, now: datetime) -> dict[str, Any]:
    """Return a known job without its tasks.

    The times of what has not happened yet may be absent or 0; here they are 0 for even job ids and absent for odd ones.
    """
    elapsed_s = job.elapsed_s(now)
    begin_s, end_s = _run(job.life, elapsed_s)
    created_ms = epoch_ms(job.created_at)
    shown: dict[str, Any] = {
        "id": int(job.id),
        "name": job.name,
        "workflowId": job.workflow_id,
        "workflowName": job.workflow_name,
        "status": _present(job.life, elapsed_s).status,
    }
    for name, at_s in (("runBeginTime", begin_s), ("runEndTime", end_s)):
        if at_s is not None:
            shown[name] = created_ms + round(at_s * 1000)
        elif int(job.id) % 2 == 0:
            shown[name] = 0
    shown["createTime"] = created_ms
    return shown


def shown_in_full(job: SimulatedJob, now: datetime) -> dict[str, Any]:
    """Return a known job with its tasks."""
    elapsed_s = job.elapsed_s(now)
    tasks = [_shown_task(job, task, elapsed_s) for task in job.tasks if phase_at(task.life, elapsed_s) is not None]
    return {**shown_in_list(job, now), "tasks": tasks}


def _shown_task(job: SimulatedJob, task: SimulatedTask, elapsed_s: float) -> dict[str, Any]:
    begin_s, end_s = _run(task.life, elapsed_s)
    shown: dict[str, Any] = {"id": task.id, "name": task.name}
    for name, at_s in (("runBeginTime", begin_s), ("runEndTime", end_s)):
        if at_s is not None:
            at = (job.created_at + timedelta(seconds=at_s)).astimezone(SERVER_ZONE)
            shown[name] = at.isoformat(timespec="seconds")
    return {**shown, "status": _present(task.life, elapsed_s).status}


def _present(life: Life, elapsed_s: float) -> Phase:
    phase = phase_at(life, elapsed_s)
    if phase is None:
        raise LookupError("a job is shown only once it was created")
    return phase


def _run(life: Life, elapsed_s: float) -> tuple[float | None, float | None]:
    present = _present(life, elapsed_s)
    end_s = present.after_s if NEBULA_WORDS.is_terminal(present.status) else None
    return first_entered_s(life, NEBULA_WORDS.running, elapsed_s), end_s


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list request asks for; times are epoch milliseconds, both ends included."""

    page: int = 1
    page_size: int = DEFAULT_PAGE_SIZE
    name: str | None = None
    status: int | None = None
    from_create_ms: int | None = None
    to_create_ms: int | None = None
    ascending: bool = False

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Self:
        """Read query parameters; raises Refusal (ErrParam) for one that is not as documented."""
        wanted = _filter(parameters.get("filter", "{}"))
        order = _typed(wanted, "orderByCreateTime", str)
        if order not in {None, "asc", "desc"}:
            raise Refusal(Code.PARAM)
        return cls(
            page=_count(parameters.get("page", "1")),
            page_size=_count(parameters.get("pageSize", str(DEFAULT_PAGE_SIZE))),
            name=_typed(wanted, "name", str),
            status=_typed(wanted, "status", int),
            from_create_ms=_typed(wanted, "fromCreateTime", int),
            to_create_ms=_typed(wanted, "toCreateTime", int),
            ascending=order == "asc",
        )

    def wants(self, job: SimulatedJob, now: datetime) -> bool:
        """Whether a job is known to the API and passes the filter; a name must be the whole name."""
        phase = job.phase(now)
        if phase is None or phase.status is None:
            return False
        created_ms = epoch_ms(job.created_at)
        return (
            (self.status is None or phase.status == self.status)
            and (self.name is None or job.name == self.name)
            and (self.from_create_ms is None or created_ms >= self.from_create_ms)
            and (self.to_create_ms is None or created_ms <= self.to_create_ms)
        )

    def page_of(self, oldest_first: Sequence[SimulatedJob], now: datetime) -> tuple[list[SimulatedJob], int]:
        """Return the jobs of the page asked for, and how many there are on all pages."""
        found = [job for job in oldest_first if self.wants(job, now)]
        if not self.ascending:
            found.reverse()
        begin = (self.page - 1) * self.page_size
        return found[begin : begin + self.page_size], len(found)


def _filter(text: str) -> dict[str, Any]:
    try:
        wanted = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise Refusal(Code.PARAM) from exc
    if not isinstance(wanted, dict):
        raise Refusal(Code.PARAM)
    return wanted


def _typed(wanted: dict[str, Any], key: str, kind: type) -> Any:
    value = wanted.get(key)
    if value is not None and type(value) is not kind:
        raise Refusal(Code.PARAM)
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(Code.PARAM)
    return int(text)
