"""The job in an answer: what is read strictly, and what is left out."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobwatchd.description import Description
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import Observation, State, Task
from jobwatchd.sources.http_json.reader import Reader, UnreadableError

STATES = {
    "busy": "running",
    "Done": "succeeded",
    "0": "queued",
    "true": "failed",
    "2": "cancelled",
    "false": "stopping",
}
AT = datetime(2026, 1, 1, tzinfo=UTC)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["busy", "Done"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FULL = {
    "within": "job",
    "state": "s",
    "id": "id",
    "name": "name",
    "workflow_id": "w",
    "progress": {"expression": "p", "scale": "fraction"},
    "started_at": {"expression": "t", "format": "epoch_ms"},
    "url": "u",
    "error": "e",
    "tasks": {
        "items": "tasks",
        "id": "id",
        "state": "s",
        "name": "n",
        "started_at": "t",
        "states": {"ok": "succeeded"},
    },
}


def _read(value: Any, read: dict[str, Any] | None = None, *, job_id: str | None = None, **changes: Any) -> Observation:
    request = {"path": "/{job_id}"}
    api = Description.model_validate(
        {"parameters": ["job_id"], "request": request, "read": read or {"state": "s"}, "states": STATES, **changes}
    )
    reader = Reader(api.read, api.states, ignore_case=api.ignore_case)
    return reader.read(reader.within(value), job_id, None)


@pytest.mark.parametrize(
    ("value", "state", "native"),
    [
        ("busy", State.RUNNING, "busy"),
        ("done", None, "done"),
        (0, State.QUEUED, "0"),
        ("0", State.QUEUED, "0"),
        (2.0, State.CANCELLED, "2"),
        (2.5, None, "2.5"),
        (True, State.FAILED, "true"),
        (False, State.STOPPING, "false"),
        ("new\nword", None, "new\N{REPLACEMENT CHARACTER}word"),
    ],
)
def test_a_word_is_a_state_or_unmapped(value: Any, state: State | None, native: str) -> None:
    """Numbers, true and false are compared as JSON writes them; any other word is kept raw, and never a failure."""
    seen = _read({"s": value})
    assert (seen.state, seen.native_state) == (state, native)


def test_case_may_be_ignored() -> None:
    """The raw word stays as it came."""
    seen = _read({"s": "dOnE"}, ignore_case=True)
    assert (seen.state, seen.native_state) == (State.SUCCEEDED, "dOnE")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"s": []}, "yields a list"),
        ({"s": ["Done"]}, "yields a list"),
        ({"s": {"x": 1}}, "yields a mapping"),
        ({"s": None}, "yields nothing"),
        ({"s": ""}, "yields nothing"),
        ({}, "yields nothing"),
        ([], "yields nothing"),
        (None, "yields nothing"),
        ("Done", "yields nothing"),
    ],
)
def test_a_state_that_is_none_is_unreadable(value: Any, told: str) -> None:
    """The key and its expression are named."""
    with pytest.raises(UnreadableError, match=rf"^wrong in read\.state \(s\): it {told}; expected a text, number"):
        _read(value)


def test_null_is_a_word_only_where_the_map_has_it() -> None:
    """A field that is missing is null too, so the description has to want it."""
    assert _read({"s": None}, states={"null": "queued"}).state is State.QUEUED
    assert _read({}, states={"null": "queued"}).native_state == "null"


def test_everything_is_read() -> None:
    """Each from where the description says."""
    tasks = [
        {"id": 1, "s": "ok", "n": "one", "t": "2026-01-01T00:00:00Z"},
        {"id": 2, "s": "Done"},
        {"id": 3, "s": []},
        {"id": 4, "s": "ok", "t": "soon"},
        {"s": "ok"},
        None,
    ]
    job = {
        "s": "busy",
        "id": 7,
        "name": "n",
        "w": 5,
        "p": 0.25,
        "t": AT.timestamp() * 1000,
        "u": "https://lab.example.com/7",
        "e": {"x": 1},
        "tasks": tasks,
    }
    seen = _read({"job": job}, FULL, job_id="7")
    assert seen == Observation(
        State.RUNNING,
        "busy",
        JobFacts("n", "5", progress=25.0, started_at=AT, url="https://lab.example.com/7"),
        error='{"x":1}',
        tasks=(Task("1", State.SUCCEEDED, "ok", "one", AT), Task("2", None, "Done")),
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": 8}, r"read\.id \(id\): it yields 8; expected 7, which was asked for"),
        ({"id": None}, r"read\.id \(id\): it yields nothing; expected 7"),
        ({"t": "soon"}, r"read\.started_at \(t\): it yields soon: it should be a time \(epoch_ms\)"),
        ({"t": {}}, r"read\.started_at \(t\): it yields a mapping"),
        ({"t": True}, r"read\.started_at \(t\): it yields true or false"),
    ],
)
def test_what_a_verdict_rests_on_is_read_strictly(change: dict[str, Any], told: str) -> None:
    """Another job's answer, or a time that is none, says nothing about this job."""
    with pytest.raises(UnreadableError, match=told):
        _read({"job": {"s": "busy", "id": 7, **change}}, FULL, job_id="7")


def test_a_part_that_is_not_there_is_unreadable() -> None:
    """An error page in JSON has no job in it."""
    with pytest.raises(UnreadableError, match=r"^wrong in read\.within \(job\): it yields nothing"):
        _read({"error": "x"}, FULL)


@pytest.mark.parametrize("progress", [None, "x", -0.1, 1.1, True, [], {}, "1e400"])
def test_progress_that_makes_no_sense_is_left_out(progress: Any) -> None:
    """It must not hide the state."""
    assert _read({"job": {"s": "busy", "id": 7, "p": progress}}, FULL).facts.progress is None


@settings(derandomize=True, deadline=None)
@given(
    values
    | st.fixed_dictionaries(
        {
            "job": values
            | st.fixed_dictionaries(
                {}, optional=dict.fromkeys(["s", "id", "name", "w", "p", "t", "e", "tasks"], values)
            )
        }
    )
)
def test_any_answer_is_a_job_or_unreadable(value: Any) -> None:
    """And it has no end that its word does not name."""
    try:
        seen = _read(value, FULL)
    except UnreadableError:
        return
    ends: dict[str, State] = {"Done": State.SUCCEEDED, "true": State.FAILED, "2": State.CANCELLED}
    assert seen.state is None or not seen.state.is_terminal or ends[seen.native_state] is seen.state


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "lab.example.com/7", f"https://x/{'7' * 1_024}", "", 7, None, ["https://x/"]]
)
def test_a_url_that_is_no_link_is_left_out(url: Any) -> None:
    """It adorns, so it never hides the state."""
    seen = _read({"job": {"s": "busy", "id": 7, "u": url}}, FULL)
    assert (seen.facts.url, seen.state) == (None, State.RUNNING)
