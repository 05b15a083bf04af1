"""What is due when."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwatchd.engine.schedule import Schedule

# Up to a year of uptime, in steps finer than a bucket.
times = st.floats(0, 3e7)
SLACK_S = 1e-6  # what a float of that size cannot hold apart


@given(entries=st.lists(times, max_size=50), looks=st.lists(times, max_size=20))
def test_entries_come_out_in_time_once_each(entries: list[float], looks: list[float]) -> None:
    """Never early, at most a bucket's width late, and nothing is lost or doubled."""
    schedule: Schedule[int] = Schedule(width_s=0.01)
    for number, due_s in enumerate(entries):
        schedule.push(due_s, number)
    left = set(range(len(entries)))
    for now_s in sorted(looks):
        for number in schedule.pop_due(now_s):
            left.remove(number)
            assert entries[number] <= now_s + SLACK_S
        assert all(entries[number] > now_s - 0.01 - SLACK_S for number in left)
    left.difference_update(schedule.pop_due(float("inf")))
    assert not left
    assert schedule.next_due_s() is None


@given(st.lists(times, min_size=1, max_size=50))
def test_looking_when_told_to_finds_everything(entries: list[float]) -> None:
    """Whoever sleeps until the next due time finds something each time, the earliest first."""
    schedule: Schedule[float] = Schedule()
    for due_s in entries:
        schedule.push(due_s, due_s)
    found: list[float] = []
    while (now_s := schedule.next_due_s()) is not None:
        due = schedule.pop_due(now_s)
        assert due
        found += due
    assert sorted(found) == sorted(entries)
    assert all(later >= earlier - 0.01 for earlier, later in pairwise(found))


def test_entries_of_one_moment_come_out_in_the_order_they_went_in() -> None:
    """Within a bucket it is first come, first served."""
    schedule: Schedule[str] = Schedule()
    for name in "abc":
        schedule.push(1.0, name)

    assert schedule.pop_due(1.0) == ["a", "b", "c"]


@pytest.mark.parametrize("due_s", [0.0, -5.0])
def test_what_is_late_already_is_due_now(due_s: float) -> None:
    """A due time in the past is no error."""
    schedule: Schedule[str] = Schedule()
    schedule.push(due_s, "late")

    assert schedule.pop_due(0.0) == ["late"]


def test_an_entry_put_back_into_a_bucket_that_was_emptied_comes_out_again() -> None:
    """The same moment may be used anew."""
    schedule: Schedule[str] = Schedule()
    schedule.push(1.0, "first")
    schedule.pop_due(1.0)
    schedule.push(1.0, "second")

    assert (schedule.pop_due(1.0), schedule.pop_due(1.0)) == (["second"], [])
