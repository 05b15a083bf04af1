"""What NebulaGraph Explorer answers, read: envelopes, jobs with their tasks, pages of jobs.

Source: the vendor's "Workflow API overview", "Query details for a specified job", "Get a list of all jobs".
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from jobwatchd.errors import JobNotFound, SourceError, SourceUnavailable
from jobwatchd.http.answer import OK, error_of_class, excerpt, retry_after_s, status_error, unreadable
from jobwatchd.http.authentication.contract import CredentialsRefused
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import Observation, State, Task
from jobwatchd.ports import Answer
from jobwatchd.sources.payload import EPOCH, Payload, Text, load_object, read_iso_instant, read_model

STATES: Mapping[int, State] = MappingProxyType(
    {
        0: State.QUEUED,
        1: State.RUNNING,
        2: State.SUCCEEDED,
        3: State.FAILED,
        4: State.CANCELLED,
        5: State.STOPPING,
    }
)

CODE_NAMES: Mapping[int, str] = MappingProxyType(
    {
        40004000: "ErrBadRequest",
        40004001: "ErrParam",
        40104000: "ErrUnauthorized",
        40104001: "ErrSession",
        40304000: "ErrForbidden",
        40404000: "ErrNotFound",
        50004000: "ErrInternalServer",
        50004001: "ErrInternalDatabase",
        50004002: "ErrInternalController",
        50004003: "ErrInternalLicense",
        90004000: "ErrUnknown",
    }
)


def read_envelope(where: str, answer: Answer, now: datetime, *, quote: bool = True) -> object:
    """Return the `data` of an answer whose `code` is 0 and whose HTTP status is 200; raises what it is otherwise.

    A code other than 0 is the API's own word and decides, whatever the HTTP status says. Without a code, or with code 0
    under an HTTP error, somebody else has answered (a proxy, a broken server): then the HTTP status decides, a success
    contradicted by its own status proves nothing, and a 404 is no word about the job. Raises `CredentialsRefused` on
    401 of either kind, `JobNotFound` on code 404… only. Without `quote`, messages show nothing of the answer.
    """
    if answer.status == OK:
        envelope = load_object(where, answer.body, quote=quote)
        if type(envelope.get("code")) is not int:
            raise unreadable(where, "wrong in code: it should be a whole number", answer.body, quote=quote)
    else:
        envelope = _envelope_of_error(where, answer)
    code = envelope.get("code")
    if code:
        raise _code_error(where, envelope, answer, now, quote=quote)
    if answer.status == OK:
        return envelope.get("data")
    error = status_error(where, answer, now, quote=quote)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise CredentialsRefused(str(error))
    if answer.status == HTTPStatus.NOT_FOUND:
        # Typical of an ingress while the server behind it restarts: whoever said it is not the API.
        raise SourceUnavailable(f"{error}; it is not an answer of NebulaGraph Explorer")
    raise error


def _envelope_of_error(where: str, answer: Answer) -> Mapping[str, Any]:
    """Return the envelope under an HTTP status other than 200; empty where there is none."""
    try:
        envelope = load_object(where, answer.body)
    except SourceError:
        return {}
    return envelope if type(envelope.get("code")) is int else {}


def _code_error(where: str, envelope: Mapping[str, Any], answer: Answer, now: datetime, *, quote: bool) -> SourceError:
    code = envelope["code"]
    kind = code // 100_000  # eight digits, of which the first three are an HTTP status class
    says = f"{where} answered code {code} ({CODE_NAMES.get(code, 'unlisted')})"
    if kind == HTTPStatus.UNAUTHORIZED:
        return CredentialsRefused(f"{says}: the credentials were refused")
    message = envelope.get("message")
    if quote and isinstance(message, str) and kind != HTTPStatus.FORBIDDEN:
        says = f"{says}: {excerpt(message)}"
    if kind == HTTPStatus.NOT_FOUND:
        return JobNotFound(says)
    return error_of_class(kind, says, retry_after_s(answer.header("Retry-After"), now))


def _read_epoch_ms(value: object) -> datetime | None:
    """Return an instant given in milliseconds since 1970; null, 0 and less mean "unknown"."""
    if value is None:
        return None
    if type(value) is not int:
        raise ValueError("it should be a whole number of milliseconds since 1970")
    try:
        return EPOCH + timedelta(milliseconds=value) if value > 0 else None
    except OverflowError:
        raise ValueError("it should be milliseconds since 1970, and lies beyond the year 9999") from None


EpochMs = Annotated[datetime | None, BeforeValidator(_read_epoch_ms)]
Iso = Annotated[datetime | None, BeforeValidator(read_iso_instant)]


class _TaskPayload(Payload):
    id: Text
    name: Text | None = None
    status: int
    run_begin_time: Iso = Field(None, alias="runBeginTime")
    run_end_time: Iso = Field(None, alias="runEndTime")


class _JobPayload(Payload):
    id: int
    name: Text | None = None
    workflow_id: Text | None = Field(None, alias="workflowId")
    workflow_name: Text | None = Field(None, alias="workflowName")
    status: int
    run_begin_time: EpochMs = Field(None, alias="runBeginTime")
    run_end_time: EpochMs = Field(None, alias="runEndTime")
    create_time: EpochMs = Field(None, alias="createTime")
    tasks: list[Any] | None = None


class PagePayload(Payload):
    """One page of a list: its entries, unread, and how many jobs the whole list has."""

    items: list[Any] | None = None
    total: int = Field(ge=0)


def read_job(where: str, data: object, body: bytes, job_id: str) -> Observation:
    """Return the job that `data` shows; raises BadPayload where it is none, or another one than `job_id`."""
    job = read_model(_JobPayload, data, where, body, within="data")
    if str(job.id) != job_id:
        raise unreadable(where, f"wrong in data.id: it should be {excerpt(job_id)}", body)
    return _observation(job)


def read_entry(item: object) -> tuple[str, Observation] | None:
    """Return the id and the job of one entry of a page; None where it cannot be read."""
    try:
        job = _JobPayload.model_validate(item)
    except ValidationError:
        return None
    return str(job.id), _observation(job)


def _observation(job: _JobPayload) -> Observation:
    return Observation(
        state=STATES.get(job.status),
        native_state=str(job.status),
        facts=JobFacts(
            name=job.name,
            workflow_id=job.workflow_id,
            workflow_name=job.workflow_name,
            queued_at=job.create_time,
            started_at=job.run_begin_time,
            finished_at=job.run_end_time,
        ),
        group=job.workflow_id or "",
        tasks=_tasks(job.tasks or []),
    )


def _tasks(items: list[Any]) -> tuple[Task, ...]:
    """Return the tasks that can be read, one an id; a broken one must not hide the state of its job."""
    tasks: dict[str, Task] = {}
    for item in items:
        try:
            task = _TaskPayload.model_validate(item)
        except ValidationError:
            continue
        state = STATES.get(task.status)
        tasks[task.id] = Task(task.id, state, str(task.status), task.name, task.run_begin_time, task.run_end_time)
    return tuple(tasks.values())
