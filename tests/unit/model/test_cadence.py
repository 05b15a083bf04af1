"""When to look again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwatchd.model.cadence import Backoff, Cadence, is_over, next_poll_s, retry_s
from jobwatchd.model.job import JobReference, State
from jobwatchd.model.watch import DEFAULT_POLICY, Policy, Watch, WatchSpec
from jobwatchd.testing import START

STEADY = Cadence(min_interval_s=2.0, max_interval_s=60.0, age_fraction=0.05, jitter=0.0)
MIDDLE = 0.5


def running(age_s: float, policy: Policy = DEFAULT_POLICY) -> Watch:
    """Return a watch of a job that has been in its state for `age_s` seconds at START."""
    watch = Watch.create(1, WatchSpec(JobReference.of("graph", ["1"]), policy=policy), START)
    return replace(watch, state=State.RUNNING, state_since=START - timedelta(seconds=age_s), overdue_at=None)


@pytest.mark.parametrize(
    ("age_s", "interval_s"), [(0, 2.0), (40, 2.0), (41, 2.05), (200, 10.0), (1200, 60.0), (1201, 60.0), (10**6, 60.0)]
)
def test_the_interval_grows_with_age_between_its_bounds(age_s: float, interval_s: float) -> None:
    """A twentieth of the time spent in the state, no less than the shortest and no more than the longest."""
    assert next_poll_s(STEADY, running(age_s), START, MIDDLE) == pytest.approx(interval_s)


def test_a_change_of_state_starts_the_interval_anew(make_watch: Callable[..., Watch]) -> None:
    """What counts is the time in the state, not the age of the job."""
    old = running(10_000)

    assert next_poll_s(STEADY, replace(old, state_since=START), START, MIDDLE) == 2.0


def test_a_fixed_interval_replaces_all_growth() -> None:
    """It holds at any age."""
    fixed = replace(STEADY, fixed_interval_s=7.0)

    assert {next_poll_s(fixed, running(age_s), START, MIDDLE) for age_s in (0, 100, 10**6)} == {7.0}


@pytest.mark.parametrize(
    ("policy", "age_s", "interval_s"),
    [
        (Policy(min_interval_s=10.0), 0, 10.0),
        (Policy(max_interval_s=20.0), 10**6, 20.0),
        (Policy(max_interval_s=20.0), 0, 2.0),
        (Policy(min_interval_s=10.0), 10**6, 60.0),
    ],
)
def test_a_watch_may_depart_from_its_source(policy: Policy, age_s: float, interval_s: float) -> None:
    """Its own bounds count before the source's."""
    assert next_poll_s(STEADY, running(age_s, policy), START, MIDDLE) == interval_s


@pytest.mark.parametrize(
    ("policy", "age_s", "interval_s"),
    [
        (Policy(min_interval_s=10.0), 0, 10.0),
        (Policy(max_interval_s=20.0), 0, 7.0),
        (Policy(max_interval_s=20.0), 10**6, 20.0),
    ],
)
def test_a_watch_may_be_looked_at_less_often_than_at_a_fixed_interval(
    policy: Policy, age_s: float, interval_s: float
) -> None:
    """With bounds of its own its interval grows with age, from the source's fixed one on."""
    cadence = replace(STEADY, fixed_interval_s=7.0)

    assert next_poll_s(cadence, running(age_s, policy), START, MIDDLE) == interval_s


@pytest.mark.parametrize(
    ("policy", "age_s", "interval_s"),
    [
        (Policy(min_interval_s=0.001), 0, 2.0),
        (Policy(min_interval_s=0.5, max_interval_s=1.0), 10**6, 2.0),
        (Policy(min_interval_s=90.0), 0, 60.0),
        (Policy(max_interval_s=90.0), 10**6, 60.0),
    ],
)
def test_a_source_that_was_narrowed_since_binds_its_watches(policy: Policy, age_s: float, interval_s: float) -> None:
    """Bounds that were right when a watch was added, and are not any more, count as far as the source allows."""
    watch = running(age_s, policy)

    assert next_poll_s(STEADY, watch, START, MIDDLE) == interval_s
    assert 2.0 <= retry_s(STEADY, watch, 1, 0.0) <= 60.0


def test_a_source_that_was_narrowed_to_a_fixed_interval_binds_its_watches() -> None:
    """Nobody is polled more often than that."""
    watch = running(0, Policy(min_interval_s=0.001, max_interval_s=1.0))

    assert next_poll_s(replace(STEADY, fixed_interval_s=90.0), watch, START, MIDDLE) == 90.0


@pytest.mark.parametrize(("chance", "interval_s"), [(0.0, 54.0), (0.5, 60.0), (1.0, 66.0)])
def test_jitter_shortens_or_stretches_by_its_fraction(chance: float, interval_s: float) -> None:
    """A tenth of jitter is a tenth less at one end of chance and a tenth more at the other."""
    cadence = replace(STEADY, jitter=0.1)

    assert next_poll_s(cadence, running(10**6), START, chance) == pytest.approx(interval_s)


@given(age_s=st.floats(0, 1e9), chance=st.floats(0, 1))
def test_an_interval_never_leaves_its_bounds_by_more_than_the_jitter(age_s: float, chance: float) -> None:
    """Whatever the age and the chance, no source is hammered and no job forgotten."""
    interval_s = next_poll_s(replace(STEADY, jitter=0.2), running(age_s), START, chance)

    assert 2.0 * 0.8 <= interval_s <= 60.0 * 1.2 + 1e-9


@pytest.mark.parametrize(("until_s", "wait_s"), [(5.0, 5.0), (60.0, 60.0), (61.0, 60.0), (-5.0, 0.0)])
def test_a_deadline_is_not_overslept(until_s: float, wait_s: float) -> None:
    """The poll comes at the deadline where that is before the next one; a passed one is due now."""
    watch = replace(running(10**6), overdue_at=START + timedelta(seconds=until_s))

    assert next_poll_s(STEADY, watch, START, MIDDLE) == wait_s


@pytest.mark.parametrize(
    ("shortest_s", "longest_s", "interval_s"), [(2.0, 1800.0, 60.0), (2.0, 10.0, 10.0), (90.0, 1800.0, 90.0)]
)
def test_an_ended_job_is_looked_at_once_a_minute_and_its_deadline_is_no_concern(
    shortest_s: float, longest_s: float, interval_s: float
) -> None:
    """It is polled in case that it comes back to life, within the bounds of its source."""
    ended = replace(running(0), state=State.SUCCEEDED, ended_at=START, overdue_at=START)
    cadence = replace(STEADY, min_interval_s=shortest_s, max_interval_s=longest_s)

    assert next_poll_s(cadence, ended, START, MIDDLE) == interval_s


@pytest.mark.parametrize(
    ("ended_s", "linger_s", "over"),
    [(None, 0, False), (0, 0, True), (-10, 60, False), (-60, 60, True), (-61, 60, True)],
)
def test_an_ended_job_lingers_for_a_while(ended_s: float | None, linger_s: float, over: bool) -> None:  # noqa: FBT001
    """A job that goes on is never over; one that has ended is, once its linger time has passed."""
    ended_at = None if ended_s is None else START + timedelta(seconds=ended_s)

    assert is_over(Cadence(linger_s=linger_s), replace(running(0), ended_at=ended_at), START) is over


def requests_in(life_s: float) -> tuple[int, float]:
    """Return how many polls a job of this length costs, and how late its end is seen, as a part of its life."""
    cadence, polls, age_s = replace(STEADY, max_interval_s=1e9), 0, 0.0
    while age_s < life_s:
        watch = running(age_s)
        age_s += next_poll_s(cadence, watch, START, MIDDLE)
        polls += 1
    return polls, (age_s - life_s) / life_s


def test_the_cost_of_a_job_grows_with_the_logarithm_of_its_life() -> None:
    """Ten times the life costs the same few requests more each time, and the end is seen within 5 per cent of it."""
    (hour, _), (ten, late_10), (hundred, late_100), (thousand, late_1000) = (
        requests_in(3600.0 * hours) for hours in (1, 10, 100, 1000)
    )

    extra = [ten - hour, hundred - ten, thousand - hundred]
    assert max(extra) - min(extra) <= 1
    assert 45 <= extra[0] <= 49  # ln 10 / ln 1.05 = 47.2
    assert max(late_10, late_100, late_1000) <= 0.05


@pytest.mark.parametrize(("failures", "ceiling_s"), [(1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (10**9, 60.0)])
def test_backing_off_doubles_up_to_a_longest_wait(failures: int, ceiling_s: float) -> None:
    """However long the failures go on, the sum does not overflow."""
    assert Backoff(first_s=1.0, factor=2.0, longest_s=60.0).ceiling_s(failures) == ceiling_s


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_backing_off_waits_a_random_part(failures: int, chance: float) -> None:
    """Full jitter: anything from nothing to the ceiling, in proportion to chance."""
    backoff = Backoff(first_s=0.5, factor=3.0, longest_s=100.0)

    delay_s = backoff.delay_s(failures, chance)

    assert 0.0 <= delay_s <= 100.0
    assert delay_s == pytest.approx(chance * min(100.0, 0.5 * 3.0 ** min(failures - 1, 64)))


@pytest.mark.parametrize(
    ("shortest_s", "longest_s", "failures", "wait_s"),
    [
        (2.0, 1800.0, 1, 2.0),
        (2.0, 1800.0, 5, 32.0),
        (2.0, 1800.0, 50, 60.0),  # not half an hour, only because that is the longest interval
        (2.0, 10.0, 50, 10.0),
        (600.0, 1800.0, 50, 600.0),
    ],
)
def test_after_failures_polls_are_tried_again_within_a_minute(
    shortest_s: float, longest_s: float, failures: int, wait_s: float
) -> None:
    """They back off, within the bounds of the source, but how old a job is does not matter."""
    cadence = replace(STEADY, min_interval_s=shortest_s, max_interval_s=longest_s)

    assert retry_s(cadence, running(0), failures, 1.0) == wait_s
    assert retry_s(cadence, running(0), failures, 0.0) == shortest_s


def test_a_watch_that_departs_from_its_source_does_so_after_failures_too() -> None:
    """Its own shortest interval is a promise, whatever happens."""
    watch = replace(running(0), policy=Policy(min_interval_s=50.0))

    assert retry_s(STEADY, watch, 1, 0.0) == 50.0
