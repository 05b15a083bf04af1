"""Explorer's paged lists of jobs: Get a list of all jobs, Get a list of jobs for a specified workflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import orjson

from jobwatchd.simulator.job import SimulatedJob
from jobwatchd.simulator.nebula_envelope import Code, Refusal
from jobwatchd.simulator.nebula_job import epoch_ms

DEFAULT_PAGE_SIZE = 10


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
