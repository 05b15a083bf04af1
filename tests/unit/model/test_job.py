"""How jobs are named, and when they entered a state."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import MAX_PARAMETER_LENGTH, JobReference, Observation, State
from jobwatchd.testing import START

characters = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
printable = st.text(characters, min_size=1, max_size=40).filter(lambda text: text not in {".", ".."})


def test_a_reference_reads_as_a_path() -> None:
    """The key is the source and the parameters, in order, with slashes between them."""
    ref = JobReference.of("up", ["d290f1ee", "e3c908ad", "fe2ecbvw"])

    assert ref.key == "up/d290f1ee/e3c908ad/fe2ecbvw"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("100%", "100%25"),
        ("%2e%2e", "%252e%252e"),
        ("two words", "two%20words"),
        ("...", "..."),
        ("a\\b", "a%5Cb"),
        ("größe", "gr%C3%B6%C3%9Fe"),
        ("2026-01-01T00:00:00,a@b", "2026-01-01T00:00:00,a@b"),
    ],
)
def test_a_value_stays_one_path_segment(value: str, encoded: str) -> None:
    """Whatever could end a segment, or mean something in a URL, is encoded; what is safe stays readable."""
    assert JobReference.of("graph", [value]).job == encoded


@given(st.lists(printable, min_size=1, max_size=4))
def test_values_come_back_as_they_were(values: list[str]) -> None:
    """Encoding loses nothing, and no value can pose as two."""
    ref = JobReference.of("graph", values)

    assert ref.values == tuple(values)
    assert ref.job.count("/") == len(values) - 1


@given(st.lists(printable, min_size=2, max_size=2), st.lists(printable, min_size=2, max_size=2))
def test_different_jobs_have_different_references(one: list[str], other: list[str]) -> None:
    """Two references are equal only where all values are."""
    assert (JobReference.of("graph", one) == JobReference.of("graph", other)) == (one == other)


@pytest.mark.parametrize("value", ["", ".", "..", "a\nb", "a\x00b", "\x7f", "\ud800", "x" * (MAX_PARAMETER_LENGTH + 1)])
def test_an_unsafe_value_is_refused(value: str) -> None:
    """What a URL parser would fold away, a log line break on, or nothing encode, names no job."""
    with pytest.raises(ValueError, match="a job parameter must not"):
        JobReference.of("graph", ["fine", value])


def test_the_longest_value_is_allowed() -> None:
    """The limit itself is still a value."""
    assert JobReference.of("graph", ["x" * MAX_PARAMETER_LENGTH]).values == ("x" * MAX_PARAMETER_LENGTH,)


def test_three_states_are_terminal() -> None:
    """Only succeeded, failed and cancelled end a job."""
    assert {state for state in State if state.is_terminal} == {State.SUCCEEDED, State.FAILED, State.CANCELLED}


@pytest.mark.parametrize(
    ("state", "after_s"),
    [
        (State.QUEUED, 1),
        (State.RUNNING, 2),
        (State.STOPPING, None),
        (State.RETRYING, None),
        (State.SUCCEEDED, 3),
        (State.FAILED, 3),
        (State.CANCELLED, 3),
    ],
)
def test_a_state_was_entered_at_its_own_time(state: State, after_s: int | None) -> None:
    """Each state has its remote time, but for those of which no API tells one."""
    times = [START + timedelta(seconds=second) for second in (1, 2, 3)]
    seen = Observation(state, "x", JobFacts(queued_at=times[0], started_at=times[1], finished_at=times[2]))

    assert seen.entered_at(state) == (None if after_s is None else START + timedelta(seconds=after_s))
