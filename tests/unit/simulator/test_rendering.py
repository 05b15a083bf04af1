"""How the two APIs show jobs, tasks and times."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from jobwatchd.simulator.job import Life, SimulatedJob
from jobwatchd.simulator.nebula_answers import Code, seed_job, shown_in_full, shown_in_list
from jobwatchd.simulator.telestream import job_fields, timespan

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _job(job_id: str, phases: Sequence[tuple[float, int | str | None]]) -> SimulatedJob:
    return SimulatedJob(job_id, job_id, "name", "w", "workflow", NOW, Life.of(phases))


def test_the_documented_explorer_job() -> None:
    """Job 1964 is shown exactly as the documentation's example."""
    assert shown_in_full(seed_job(), NOW) == {
        "id": 1964,
        "name": "workflow_xkkjf_20220712103332",
        "workflowId": "3992429968",
        "workflowName": "workflow_xkkjf",
        "status": 2,
        "tasks": [
            {
                "id": "f93dea90fc3a11ecac7e6da0662c195b",
                "name": "BFS",
                "runBeginTime": "2022-07-12T10:33:35+08:00",
                "runEndTime": "2022-07-12T10:33:38+08:00",
                "status": 2,
            }
        ],
        "runBeginTime": 1657593215000,
        "runEndTime": 1657593218000,
        "createTime": 1657593212505,
    }


@pytest.mark.parametrize(("job_id", "times"), [("2", {"runBeginTime": 0, "runEndTime": 0}), ("3", {})])
def test_times_to_come_are_absent_or_zero(job_id: str, times: dict[str, int]) -> None:
    """Both ways of showing what has not happened yet occur, by the job's id."""
    fields = shown_in_list(_job(job_id, [(0, 0), (5, 1)]), NOW + timedelta(seconds=1))
    assert {name: fields[name] for name in ("runBeginTime", "runEndTime") if name in fields} == times


def test_a_job_cancelled_in_the_queue_ended_without_having_begun() -> None:
    """The begin stays unknown, the end does not."""
    fields = shown_in_list(_job("3", [(0, 0), (1, 5), (2, 4)]), NOW + timedelta(seconds=3))
    assert "runBeginTime" not in fields
    assert fields["runEndTime"] == fields["createTime"] + 2000


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(days=136, hours=8, minutes=1, seconds=23.5), "136.08:01:23.5"),
        (timedelta(hours=1, minutes=23, seconds=45), "1:23:45"),
        (timedelta(seconds=3, microseconds=20), "0:00:03.00002"),
        (timedelta(0), "0:00:00"),
    ],
)
def test_timespans(duration: timedelta, text: str) -> None:
    """Durations are written as the documentation's two examples are."""
    assert timespan(duration) == text


@pytest.mark.parametrize(
    ("elapsed_s", "state", "progress", "updated_s", "elapsed_time"),
    [
        (1, "created", 0, 0, None),
        (12, "in-process", 20, 12, None),
        (21, "failed", 90, 20, "0:00:20"),
        (26, "retry", 90, 25, None),
        (60, "succeeded", 100, 40, "0:00:40"),
    ],
)
def test_an_up_job_through_its_life(
    elapsed_s: float, state: str, progress: int, updated_s: int, elapsed_time: str | None
) -> None:
    """`elapsed_time` is there in terminal states only, a retry takes it away; it is `updated_at - created_at`."""
    life = [(0, "created"), (10, "in-process"), (20, "failed"), (25, "retry"), (30, "in-process"), (40, "succeeded")]
    fields = job_fields(_job("j", life), NOW + timedelta(seconds=elapsed_s), one_element_lists=False)
    assert fields["state"] == state
    assert fields["progress"] == progress
    assert fields["created_at"] == "2026-01-01T00:00:00.000000Z"
    assert fields["updated_at"] == f"2026-01-01T00:00:{updated_s:02}.000000Z"
    assert fields["elapsed_time"] == elapsed_time


def test_one_element_lists() -> None:
    """Each value stands in a list, as the documentation prints its example; null stays null."""
    fields = job_fields(_job("j", [(0, "created")]), NOW, one_element_lists=True)
    assert fields.pop("elapsed_time") is None
    assert all(isinstance(value, list) and len(value) == 1 for value in fields.values())
    assert fields["state"] == ["created"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.SUCCESS, 200),
        (Code.SESSION, 401),
        (Code.NOT_FOUND, 404),
        (Code.INTERNAL_LICENSE, 500),
        (Code.UNKNOWN, 500),
    ],
)
def test_a_code_begins_with_an_http_status(code: Code, status: int) -> None:
    """The first three digits are the HTTP status, 500 where they are none."""
    assert code.http_status == status
