"""An event as plain JSON values."""

import json
from dataclasses import replace
from datetime import timedelta, timezone

from jobwatchd.model.event import Event, EventType
from jobwatchd.model.job import JobReference, Task
from jobwatchd.sinks.event_data import DETAIL_BYTES, KEY_BYTES, event_data


def test_the_shape_is_the_documented_one(event: Event) -> None:
    """Every field is there, under its documented name, with plain values."""
    assert json.loads(json.dumps(event_data(event))) == {
        "source": "graph",
        "job": ["19 64", "b"],
        "key": "graph/19%2064/b",
        "watch_id": 7,
        "sequence": 3,
        "state": "failed",
        "previous_state": "running",
        "native_state": "3",
        "inferred": False,
        "occurred_at": "2026-03-01T12:01:30Z",
        "observed_at": "2026-03-01T12:01:32.500000Z",
        "detection_delay_s": 2.5,
        "duration_s": 90.0,
        "labels": {"area": "ci", "team": "graph"},
        "name": "pagerank",
        "url": "https://graph.example.com/jobs/1964",
        "workflow": {"id": "12", "name": "nightly"},
        "progress": 50.0,
        "queued_at": "2026-03-01T11:59:55Z",
        "started_at": "2026-03-01T12:00:00Z",
        "finished_at": "2026-03-01T12:01:30Z",
        "task": None,
        "detail": "out of memory",
        "truncated": [],
    }


def test_an_event_of_a_source_has_the_same_fields(event: Event) -> None:
    """What does not apply is null, not absent."""
    bare = Event("id", EventType.SOURCE_UNREACHABLE, "graph", 1, event.observed_at)
    data = event_data(bare)
    assert list(data) == list(event_data(event))
    empty = {key for key, value in data.items() if value is not None}
    assert empty == {"source", "sequence", "inferred", "observed_at", "labels", "workflow", "truncated"}


def test_a_task_is_told_with_its_own_times(event: Event, task: Task) -> None:
    """Events of tasks hold the task."""
    assert event_data(replace(event, task=task))["task"] == {
        "id": "t1",
        "name": "load",
        "state": "running",
        "native_state": "1",
        "started_at": "2026-03-01T12:00:00Z",
        "finished_at": None,
    }


def test_times_are_told_in_utc(event: Event) -> None:
    """An instant given in another zone is the same instant."""
    elsewhere = event.observed_at.astimezone(timezone(timedelta(hours=-8)))
    assert event_data(replace(event, observed_at=elsewhere)) == event_data(event)


def test_a_text_that_just_fits_is_whole(event: Event) -> None:
    """The bound is a bound, not a habit of cutting."""
    data = event_data(replace(event, detail="x" * DETAIL_BYTES))
    assert data["detail"] == "x" * DETAIL_BYTES
    assert data["truncated"] == []


def test_a_text_that_is_too_long_is_cut_and_said_to_be(event: Event) -> None:
    """Somebody who reads it can tell that there was more."""
    data = event_data(replace(event, detail="x" * (DETAIL_BYTES + 1)))
    assert data["detail"] == "x" * (DETAIL_BYTES - len("\\u2026")) + "…"
    assert data["truncated"] == ["detail"]


def test_a_text_is_bounded_by_what_it_takes_in_json(event: Event) -> None:
    """A character that JSON spells with twelve bytes counts as twelve, and is never cut through."""
    data = event_data(replace(event, detail="😀" * 2_000))
    assert DETAIL_BYTES - 12 < len(json.dumps(data["detail"])) - 2 <= DETAIL_BYTES
    assert set(data["detail"]) == {"😀", "…"}


def test_labels_that_do_not_fit_are_left_out_whole(event: Event) -> None:
    """A label is never shown with a wrong value."""
    labels = {"a": "1", "b": "x" * 5_000}
    data = event_data(replace(event, labels=labels))
    assert data["labels"] == {"a": "1"}
    assert data["truncated"] == ["labels"]


def test_the_longest_plain_job_is_told_whole(event: Event) -> None:
    """Three parameters of the greatest length are nothing unusual to cut."""
    data = event_data(replace(event, ref=JobReference.of("graph", ["x" * 512] * 3)))
    assert data["job"] == ["x" * 512] * 3
    assert data["truncated"] == []


def test_keys_too_long_to_tell_stay_different(event: Event) -> None:
    """Two jobs whose keys differ only far behind do not become one."""
    refs = [JobReference.of("graph", ["ü" * 512, "ü" * 512, last]) for last in ("a", "b")]
    first, second = (event_data(replace(event, ref=ref)) for ref in refs)
    assert first["key"] != second["key"]
    assert len(json.dumps(first["key"])) - 2 <= KEY_BYTES
    assert first["job"] is None
    assert first["truncated"] == ["key", "job"]
