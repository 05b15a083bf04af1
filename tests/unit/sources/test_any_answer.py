"""Whatever a server answers: an observation or `BadPayload`, and no end that the answer does not name."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jobwatchd.errors import BadPayload, SourceError
from jobwatchd.model.job import Observation, State
from jobwatchd.sources.nebula_explorer.payload import PagePayload, read_envelope, read_job
from jobwatchd.sources.nebula_explorer.source import NebulaListing
from jobwatchd.sources.payload import read_model
from jobwatchd.sources.telestream_up.payload import read_job as read_telestream_job

NOW = datetime(2022, 7, 15, tzinfo=UTC)
MakeAnswer = Callable[..., Any]
steady = settings(derandomize=True, deadline=None)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([2, 3, "failed", "retry"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def _objects(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects in which any documented field may be missing or hold anything, besides undocumented ones."""
    known = st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))
    return st.builds(lambda some, more: {**more, **some}, known, st.dictionaries(st.text(), values, max_size=2))


tasks = st.lists(_objects("id", "name", "status", "runBeginTime", "runEndTime"), max_size=3)
nebula_jobs = st.builds(
    lambda job, more: {**job, "id": 1964, **more},
    _objects("id", "name", "workflowId", "workflowName", "runBeginTime", "runEndTime", "createTime"),
    st.fixed_dictionaries({}, optional={"status": st.integers(-1, 7) | values, "tasks": tasks | values}),
)
telestream_jobs = st.builds(
    lambda job, more: {**job, "id": "j", **more},
    _objects("id", "name", "workflow_id", "workflow_name", "progress", "created_at", "updated_at", "elapsed_time"),
    st.fixed_dictionaries({}, optional={"state": st.sampled_from(["failed", "stopped", "x"]) | values}),
)


def _observe_nebula(answer: Any) -> Observation | None:
    try:
        return read_job("GET x", read_envelope("GET x", answer, NOW), answer.body, "1964")
    except SourceError:
        return None


def _status_of(body: bytes) -> object:
    return json.loads(body)["data"]["status"]


@steady
@given(data=nebula_jobs | values)
def test_any_nebula_job_is_read_or_refused(data: object, answer: MakeAnswer) -> None:
    """The state follows from the status number alone."""
    given_answer = answer(200, {"code": 0, "data": data, "message": "Success"})
    seen = _observe_nebula(given_answer)
    if seen is not None:
        assert (seen.state is State.FAILED) == (_status_of(given_answer.body) == 3)
        assert seen.native_state == str(_status_of(given_answer.body))


@steady
@given(
    envelope=_objects("code", "data", "message") | values, status=st.sampled_from([200, 201, 302, 401, 404, 429, 500])
)
def test_any_nebula_envelope_is_read_or_refused(envelope: object, status: int, answer: MakeAnswer) -> None:
    """Without code 0 and a whole job under HTTP 200 nothing is ever observed."""
    seen = _observe_nebula(answer(status, envelope))
    assert seen is None or (status == 200 and isinstance(envelope, Mapping) and envelope["code"] == 0)


@steady
@given(body=st.binary(), status=st.integers(100, 599))
def test_any_bytes_are_no_nebula_job(body: bytes, status: int, answer: MakeAnswer) -> None:
    """Noise is a source error, whatever its status."""
    assert _observe_nebula(answer(status, body)) is None


@steady
@given(
    pages=st.lists(
        _objects("items", "total") | st.builds(lambda items: {"items": items, "total": 9}, st.lists(nebula_jobs))
    )
)
def test_any_pages_are_gathered_or_refused(pages: list[object]) -> None:
    """A list never shows a job that was not asked for, and none that did not say that it failed as failed."""
    listing = NebulaListing("", ["1964"])
    for page in pages:
        try:
            listing.add(read_model(PagePayload, page, "GET x", b""))
        except BadPayload:
            continue
    assert set(listing.found) <= {"1964"}
    assert all(seen.state is not State.FAILED or seen.native_state == "3" for seen in listing.found.values())


@steady
@given(job=telestream_jobs | values)
def test_any_telestream_job_is_read_or_refused(job: Any) -> None:
    """The state follows from the word alone."""
    try:
        seen = read_telestream_job("GET x", json.dumps(job).encode())
    except BadPayload:
        return
    assert (seen.state is State.FAILED) == (job["state"] in ("failed", ["failed"]))
    assert seen.facts.progress is None or 0 <= seen.facts.progress <= 100


@steady
@given(body=st.binary())
def test_any_bytes_are_no_telestream_job(body: bytes) -> None:
    """Noise is a bad payload."""
    try:
        read_telestream_job("GET x", body)
    except BadPayload:
        return
    raise AssertionError(body)
