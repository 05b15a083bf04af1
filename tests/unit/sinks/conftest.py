"""An event with everything in it, to be varied."""

from datetime import UTC, datetime, timedelta

import pytest

from jobwatchd.model.event import Event, EventType
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import JobReference, State, Task

STARTED_AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def event() -> Event:
    """Return the end of a job that ran for ninety seconds and was seen two and a half seconds later."""
    finished_at = STARTED_AT + timedelta(seconds=90)
    return Event(
        id="0b9a2c1e-7f3a-5d0e-9b52-0f7a3a1f6f10",
        type=EventType.JOB_FAILED,
        source="graph",
        sequence=3,
        observed_at=finished_at + timedelta(seconds=2.5),
        ref=JobReference.of("graph", ["19 64", "b"]),
        watch_id=7,
        state=State.FAILED,
        previous_state=State.RUNNING,
        native_state="3",
        occurred_at=finished_at,
        labels={"team": "graph", "area": "ci"},
        facts=JobFacts(
            name="pagerank",
            workflow_id="12",
            workflow_name="nightly",
            progress=50,
            queued_at=STARTED_AT - timedelta(seconds=5),
            started_at=STARTED_AT,
            finished_at=finished_at,
            url="https://graph.example.com/jobs/1964",
        ),
        detail="out of memory",
    )


@pytest.fixture
def task() -> Task:
    """Return a task that runs."""
    return Task("t1", State.RUNNING, "1", "load", started_at=STARTED_AT)
