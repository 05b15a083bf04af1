"""NebulaGraph Explorer's jobs, read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from jobwatchd.errors import BadPayload
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import Observation, State, Task
from jobwatchd.sources.nebula_explorer.payload import read_entry, read_envelope, read_job

WHERE = "GET http://api/api-open/v1/jobs/1964"
BEGAN_AT = datetime(2022, 7, 12, 2, 33, 35, tzinfo=UTC)
ENDED_AT = datetime(2022, 7, 12, 2, 33, 38, tzinfo=UTC)


def _read(data: object) -> Observation:
    return read_job(WHERE, data, json.dumps(data).encode(), "1964")


def test_the_vendors_example_is_read(nebula_seed: str, answer: Callable[..., Any], now: datetime) -> None:
    """All that the example shows arrives: both time formats, the task, the workflow as group."""
    given = answer(200, nebula_seed.encode())
    assert read_job(WHERE, read_envelope(WHERE, given, now), given.body, "1964") == Observation(
        state=State.SUCCEEDED,
        native_state="2",
        facts=JobFacts(
            name="workflow_xkkjf_20220712103332",
            workflow_id="3992429968",
            workflow_name="workflow_xkkjf",
            queued_at=datetime(2022, 7, 12, 2, 33, 32, 505_000, tzinfo=UTC),
            started_at=BEGAN_AT,
            finished_at=ENDED_AT,
        ),
        group="3992429968",
        tasks=(Task("f93dea90fc3a11ecac7e6da0662c195b", State.SUCCEEDED, "2", "BFS", BEGAN_AT, ENDED_AT),),
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (0, State.QUEUED),
        (1, State.RUNNING),
        (2, State.SUCCEEDED),
        (3, State.FAILED),
        (4, State.CANCELLED),
        (5, State.STOPPING),
        (6, None),
        (-1, None),
        (2**62, None),
    ],
)
def test_every_status_has_its_state(status: int, state: State | None, nebula_job: dict[str, Any]) -> None:
    """Job and task alike; a status in no map has no state, and the raw number is always kept."""
    nebula_job["status"] = nebula_job["tasks"][0]["status"] = status
    seen = _read(nebula_job)
    assert (seen.state, seen.native_state) == (state, str(status))
    assert (seen.tasks[0].state, seen.tasks[0].native_state) == (state, str(status))


@pytest.mark.parametrize("value", [None, 0, -62_135_596_800_000])
@pytest.mark.parametrize("field", ["runBeginTime", "runEndTime", "createTime"])
def test_a_time_that_is_not_set_is_unknown(field: str, value: int | None, nebula_job: dict[str, Any]) -> None:
    """Null, 0 and times before 1970 are no instants; the state is read all the same."""
    nebula_job[field] = value
    seen = _read(nebula_job)
    assert (seen.facts.started_at, seen.facts.finished_at, seen.facts.queued_at).count(None) == 1
    assert seen.state is State.SUCCEEDED


def test_a_job_may_be_bare() -> None:
    """Id and status are enough; without a workflow the job is found in the list of all jobs."""
    assert _read({"id": 1964, "status": 0}) == Observation(State.QUEUED, "0", group="")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "1964"),
        ("id", True),
        ("id", None),
        ("status", "2"),
        ("status", True),
        ("status", None),
        ("status", [2]),
        ("status", 2.0),
        ("status", {"code": 3}),
        ("name", 17),
        ("workflowId", 3992429968),
        ("createTime", "1657593212505"),
        ("createTime", 1657593212505.5),
        ("createTime", True),
        ("runEndTime", 10**17),
        ("runBeginTime", 2**63),
        ("tasks", {"id": "a"}),
        ("tasks", "none"),
    ],
)
def test_another_type_than_documented_is_a_bad_payload(field: str, value: object, nebula_job: dict[str, Any]) -> None:
    """Nothing is converted or guessed, and the message names the field."""
    nebula_job[field] = value
    with pytest.raises(BadPayload, match=rf"wrong in data\.{field}: it should be "):
        _read(nebula_job)


@pytest.mark.parametrize("field", ["id", "status"])
def test_a_job_without_its_essentials_is_a_bad_payload(field: str, nebula_job: dict[str, Any]) -> None:
    """No status is assumed for a job that shows none."""
    del nebula_job[field]
    with pytest.raises(BadPayload, match=rf"wrong in data\.{field}: Field required"):
        _read(nebula_job)


@pytest.mark.parametrize("data", [None, [], "job", 3, [{"id": 1964, "status": 3}]])
def test_data_that_is_no_object_is_a_bad_payload(data: object) -> None:
    """A success without a job says nothing about it."""
    with pytest.raises(BadPayload, match="wrong in data: it should be an object"):
        _read(data)


def test_the_answer_must_be_about_the_job_that_was_asked_for(nebula_job: dict[str, Any]) -> None:
    """A cache that answers with another job does not end ours."""
    nebula_job["id"] = 1965
    with pytest.raises(BadPayload, match=r"wrong in data\.id: it should be 1964"):
        _read(nebula_job)


def test_tasks_may_be_null(nebula_job: dict[str, Any]) -> None:
    """A list that was never filled is written as null by some servers."""
    nebula_job["tasks"] = None
    assert _read(nebula_job).tasks == ()


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "BFS",
        {"name": "BFS", "status": 3},
        {"id": 7, "status": 3},
        {"id": "t", "status": "3"},
        {"id": "t", "status": 3, "runEndTime": 1657593218000},
    ],
)
def test_a_broken_task_is_left_out(broken: object, nebula_job: dict[str, Any]) -> None:
    """It hides neither the job's state nor the other tasks."""
    nebula_job["tasks"].insert(0, broken)
    seen = _read(nebula_job)
    assert seen.state is State.SUCCEEDED
    assert [task.name for task in seen.tasks] == ["BFS"]


def test_hundreds_of_tasks_are_read_in_order(nebula_job: dict[str, Any]) -> None:
    """A large workflow has all its tasks; one that has not begun has no times."""
    nebula_job["tasks"] = [{"id": f"t{n}", "name": "PageRank", "status": 0, "runBeginTime": ""} for n in range(700)]
    seen = _read(nebula_job)
    assert [task.id for task in seen.tasks] == [f"t{n}" for n in range(700)]
    assert seen.tasks[699] == Task("t699", State.QUEUED, "0", "PageRank")


def test_a_task_that_is_listed_twice_is_one_task(nebula_job: dict[str, Any]) -> None:
    """Two states under one id would be told as changes of state at every poll."""
    nebula_job["tasks"].append({**nebula_job["tasks"][0], "status": 3})
    assert len(_read(nebula_job).tasks) == 1


def test_names_are_made_fit_to_keep(nebula_job: dict[str, Any]) -> None:
    """A NUL is refused by PostgreSQL, and an endless name by webhook receivers."""
    nebula_job["name"] = "a\0" + "b" * 10_000
    name = _read(nebula_job).facts.name
    assert name is not None
    assert name.startswith("a\N{REPLACEMENT CHARACTER}b")
    assert len(name) == 512


def test_an_entry_of_a_list_is_a_job_without_tasks(nebula_job: dict[str, Any]) -> None:
    """The id comes beside the job, since it is what the entry is found by."""
    del nebula_job["tasks"]
    entry = read_entry(nebula_job)
    assert entry is not None
    assert entry[0] == "1964"
    assert entry[1].state is State.SUCCEEDED
    assert entry[1].tasks == ()


@pytest.mark.parametrize("item", [None, 1964, [], {}, {"id": 1964}, {"id": "1964", "status": 3}])
def test_an_unreadable_entry_is_none(item: object) -> None:
    """One broken entry must not hide the rest of its list."""
    assert read_entry(item) is None
