"""Telestream UP's jobs, read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobwatchd.errors import BadPayload
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import Observation, State
from jobwatchd.sources.telestream_up.payload import JobsSummary, parse_time_span, read_job, read_summary

WHERE = "GET http://up/s/workflows/w/jobs/j"
CREATED_AT = datetime(2020, 1, 21, 15, 53, 12, 388317, tzinfo=UTC)
UPDATED_AT = datetime(2020, 1, 22, 15, 53, 12, 182617, tzinfo=UTC)


def _read(job: object) -> Observation:
    return read_job(WHERE, json.dumps(job).encode())


def test_the_vendors_example_is_malformed_as_it_stands(telestream_seed: str) -> None:
    """It lists several states, of which none can be chosen."""
    with pytest.raises(BadPayload, match="wrong in state: it should be one value, and is a list of 3"):
        read_job(WHERE, telestream_seed.encode())


def test_the_vendors_example_is_read_once_it_has_one_state(telestream_seed: str) -> None:
    """Lists of one are taken for their element; the several elapsed times adorn, and hide nothing."""
    seed = json.loads(telestream_seed)
    seed["state"] = ["succeeded"]
    seed["elapsed_time"] = ["136.08:01:23.5"]
    assert _read(seed) == Observation(
        state=State.SUCCEEDED,
        native_state="succeeded",
        facts=JobFacts(
            name="Sample Workflow Job Name",
            workflow_id="e3c908ad-dc8f-4edb-88f7-c84dec0aef99",
            workflow_name="MyWorkflow",
            progress=90.0,
            queued_at=CREATED_AT,
            finished_at=UPDATED_AT,
        ),
    )


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("created", State.QUEUED),
        ("in-process", State.RUNNING),
        ("succeeded", State.SUCCEEDED),
        ("failed", State.FAILED),
        ("stopped", State.CANCELLED),
        ("retry", State.RETRYING),
        ("Failed", None),
        ("paused", None),
        ("", None),
    ],
)
def test_every_state_is_read(word: str, state: State | None, telestream_job: dict[str, Any]) -> None:
    """A word in no map has no state; only an end has an end time, and no start is ever claimed."""
    seen = _read({**telestream_job, "state": word})
    assert (seen.state, seen.native_state) == (state, word)
    assert seen.facts.queued_at == CREATED_AT
    assert seen.facts.started_at is None
    assert seen.facts.finished_at == (UPDATED_AT if state is not None and state.is_terminal else None)
    assert seen.group is None


@pytest.mark.parametrize(
    ("value", "progress"),
    [
        (0, 0.0),
        (100, 100.0),
        (99.5, 99.5),
        (None, None),
        (-1, None),
        (101, None),
        ("90", None),
        (True, None),
        ({}, None),
    ],
)
def test_progress_that_is_no_percentage_is_unknown(
    value: object, progress: float | None, telestream_job: dict[str, Any]
) -> None:
    """It adorns, so it never hides the state."""
    seen = _read({**telestream_job, "progress": value})
    assert (seen.facts.progress, seen.state) == (progress, State.RUNNING)


@pytest.mark.parametrize("field", ["id", "name", "state", "progress", "created_at", "updated_at", "elapsed_time"])
@pytest.mark.parametrize("value", [[], ["a", "a"], [["a"]]])
def test_a_list_of_none_or_several_is_a_bad_payload(
    field: str, value: list[Any], telestream_job: dict[str, Any]
) -> None:
    """Never a guess, not even between equals; a list in a list is no scalar either, save where nothing rests on it."""
    if len(value) == 1 and field in {"progress", "elapsed_time"}:
        assert _read({**telestream_job, field: value}).facts.progress == (None if field == "progress" else 90.0)
        return
    with pytest.raises(BadPayload, match=rf"wrong in {field}: it should be "):
        _read({**telestream_job, field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 17),
        ("id", None),
        ("state", 3),
        ("state", None),
        ("state", True),
        ("state", {"failed": 1}),
        ("name", 1),
        ("created_at", 1579621992),
        ("created_at", "2020-01-21T15:53:12"),
        ("updated_at", "soon"),
        ("updated_at", "9999-12-31T23:59:59-12:00"),
    ],
)
def test_another_type_than_documented_is_a_bad_payload(
    field: str, value: object, telestream_job: dict[str, Any]
) -> None:
    """Nothing is converted, and the message names the field."""
    with pytest.raises(BadPayload, match=rf"wrong in {field}: it should be "):
        _read({**telestream_job, field: value})


@pytest.mark.parametrize("field", ["id", "state"])
def test_a_job_without_its_essentials_is_a_bad_payload(field: str, telestream_job: dict[str, Any]) -> None:
    """Any page of JSON may have a state; only one with an id is taken for a job."""
    del telestream_job[field]
    with pytest.raises(BadPayload, match=rf"wrong in {field}: Field required"):
        _read(telestream_job)


@pytest.mark.parametrize(
    ("updated_at", "elapsed", "finished_at"),
    [
        (None, "1:23:45", CREATED_AT + timedelta(hours=1, minutes=23, seconds=45)),
        (None, None, None),
        (None, "soon", None),
        (None, "99999999.00:00:00", None),
        ("2020-01-22T15:53:12.182617Z", "1:23:45", UPDATED_AT),
    ],
)
def test_an_end_without_an_update_is_creation_and_elapsed_time(
    updated_at: str | None, elapsed: str | None, finished_at: datetime | None, telestream_job: dict[str, Any]
) -> None:
    """The elapsed time is defined as their difference; where it cannot be read, the end is unknown, not the state."""
    seen = _read({**telestream_job, "state": "failed", "updated_at": updated_at, "elapsed_time": elapsed})
    assert (seen.state, seen.facts.finished_at) == (State.FAILED, finished_at)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("136.08:01:23.5", timedelta(days=136, hours=8, minutes=1, seconds=23.5)),
        ("1:23:45", timedelta(hours=1, minutes=23, seconds=45)),
        ("00:00:00", timedelta(0)),
        ("0:00:00.000001", timedelta(microseconds=1)),
        ("0:00:00.1234567", timedelta(microseconds=123456)),
    ],
)
def test_a_time_span_is_read(text: str, span: timedelta) -> None:
    """Days and fractions may be missing; the seventh digit of a fraction is below a microsecond."""
    assert parse_time_span(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "83",
        "1:23",
        "24:00:00",
        "0:60:00",
        "0:00:60",
        "-1:00:00",
        "1:00:00.",
        "1.5",
        " 1:00:00",
        "1:00:00\n",
        "\N{ARABIC-INDIC DIGIT ONE}:00:00",
    ],
)
def test_what_is_no_time_span_is_refused(text: str) -> None:
    """Everything outside `[d.]h:mm:ss[.fraction]` raises ValueError."""
    with pytest.raises(ValueError, match="it should be a TimeSpan"):
        parse_time_span(text)


def test_a_summary_is_read() -> None:
    """The counts of a workflow's jobs; dates are not counts."""
    answer = {
        "waiting_job_count": 1,
        "in_process_job_count": 2,
        "completed_job_count": 3,
        "failed_job_count": [4],
        "stopped_job_count": 5,
        "total_job_count": 15,
        "activation_date": None,
    }
    summary = JobsSummary(
        waiting_job_count=1,
        in_process_job_count=2,
        completed_job_count=3,
        failed_job_count=4,
        stopped_job_count=5,
        total_job_count=15,
    )
    assert read_summary(WHERE, json.dumps(answer).encode()) == summary
    with pytest.raises(BadPayload, match="wrong in total_job_count"):
        read_summary(WHERE, json.dumps({**answer, "total_job_count": -1}).encode())
