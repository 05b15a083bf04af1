"""What Telestream UP answers, read: one job, and the counts of a workflow's jobs.

Source: the vendor's "Get particular Workflow Job Details" and its page of the workflow's jobs summary.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated

from pydantic import BeforeValidator, Field

from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import Observation, State
from jobwatchd.sources.payload import Payload, Text, load_object, read_iso_instant, read_model

STATES: Mapping[str, State] = MappingProxyType(
    {
        "created": State.QUEUED,
        "in-process": State.RUNNING,
        "succeeded": State.SUCCEEDED,
        "failed": State.FAILED,
        "stopped": State.CANCELLED,
        "retry": State.RETRYING,
    }
)

_TIME_SPAN = re.compile(r"(?:(\d{1,8})\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?", re.ASCII)
_MAX_HOUR, _MAX_SIXTIETH = 23, 59


def parse_time_span(text: str) -> timedelta:
    """Return the duration that `[d.]h:mm:ss[.fraction]` writes (`136.08:01:23.5`); raises ValueError for others."""
    match = _TIME_SPAN.fullmatch(text)
    if match is None:
        raise ValueError("it should be a TimeSpan, [d.]h:mm:ss[.fraction]")
    days, hours, minutes, seconds = (int(part or 0) for part in match.group(1, 2, 3, 4))
    if hours > _MAX_HOUR or minutes > _MAX_SIXTIETH or seconds > _MAX_SIXTIETH:
        raise ValueError("it should be a TimeSpan, with hours below 24, minutes and seconds below 60")
    # A fraction has up to seven digits, ticks of 100 ns; the last is below what a timedelta holds.
    micros = int((match[5] or "").ljust(6, "0")[:6])
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)


def _only(value: object) -> object:
    """Return a scalar, or the element of a list of one: the vendor's page prints its examples as such lists."""
    if not isinstance(value, list):
        return value
    if len(value) != 1:
        raise ValueError(f"it should be one value, and is a list of {len(value)}")
    return value[0]


def _read_progress(value: object) -> float | None:
    """Return a percentage; None for what cannot be one."""
    value = _only(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 100 else None  # noqa: PLR2004 - per cent


def _read_time_span(value: object) -> timedelta | None:
    """Return a duration; None for what is none."""
    value = _only(value)
    try:
        return parse_time_span(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _read_instant(value: object) -> datetime | None:
    return read_iso_instant(_only(value))


Word = Annotated[Text, BeforeValidator(_only)]
OptionalWord = Annotated[Text | None, BeforeValidator(_only)]
Instant = Annotated[datetime | None, BeforeValidator(_read_instant)]
Count = Annotated[int, BeforeValidator(_only), Field(ge=0)]


class _JobPayload(Payload):
    # Asked for because any page of JSON may have a state; not compared with the id that was asked for, since the
    # vendor's own example answers with another one than it was asked for.
    id: Word
    name: OptionalWord = None
    workflow_id: OptionalWord = None
    workflow_name: OptionalWord = None
    progress: Annotated[float | None, BeforeValidator(_read_progress)] = None
    state: Word
    created_at: Instant = None
    updated_at: Instant = None
    elapsed_time: Annotated[timedelta | None, BeforeValidator(_read_time_span)] = None


class JobsSummary(Payload):
    """How many jobs a workflow has, by what they are doing.

    A hint that nothing moved, and no more: two jobs that swap states leave all counts as they were.
    """

    waiting_job_count: Count
    in_process_job_count: Count
    completed_job_count: Count
    failed_job_count: Count
    stopped_job_count: Count
    total_job_count: Count


def read_job(where: str, body: bytes) -> Observation:
    """Return the job that an answer shows; raises BadPayload where it is none."""
    job = read_model(_JobPayload, load_object(where, body), where, body)
    state = STATES.get(job.state)
    return Observation(
        state=state,
        native_state=job.state,
        facts=JobFacts(
            name=job.name,
            workflow_id=job.workflow_id,
            workflow_name=job.workflow_name,
            progress=job.progress,
            queued_at=job.created_at,
            # Nothing tells when a job began to run: elapsed_time counts from its creation, waiting included.
            started_at=None,
            finished_at=_finished_at(job) if state is not None and state.is_terminal else None,
        ),
    )


def _finished_at(job: _JobPayload) -> datetime | None:
    """Return when a job that has ended was last updated, which is its end."""
    if job.updated_at is not None or job.created_at is None or job.elapsed_time is None:
        return job.updated_at
    try:
        return job.created_at + job.elapsed_time  # elapsed_time is defined as updated_at - created_at
    except OverflowError:
        return None


def read_summary(where: str, body: bytes) -> JobsSummary:
    """Return the counts that an answer shows; raises BadPayload where it shows none."""
    return read_model(JobsSummary, load_object(where, body), where, body)
