"""What a failed attempt to deliver means."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwatchd.errors import SinkError, SinkRejected, SinkUnavailable
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Attempt, Delivery, DeliveryStatus, Retry, failed, left_s, succeeded, wait_s
from jobwatchd.model.event import Event, EventType
from jobwatchd.testing import START

RETRY = Retry(Backoff(first_s=1.0, factor=2.0, longest_s=60.0), max_age_s=3600.0, rejections=3)
FRESH = Delivery("hook", 12, Event("id", EventType.JOB_FAILED, "graph", 1, START), START)
AWAY = SinkUnavailable("connection refused")


def after(attempts: int, error: SinkError = AWAY, *, chance: float = 1.0) -> Attempt:
    """Return what one more failure means for a delivery after so many attempts."""
    return failed(replace(FRESH, attempts=attempts), error, RETRY, START, chance)


def test_a_success_is_recorded_with_all_its_attempts() -> None:
    """The last attempt counts too."""
    now = START + timedelta(seconds=9)

    assert succeeded(replace(FRESH, attempts=2), now) == Attempt("hook", 12, DeliveryStatus.DELIVERED, 3, now)


@pytest.mark.parametrize(("attempts", "wait_s"), [(0, 1), (1, 2), (5, 32), (6, 60), (500, 60)])
def test_a_failure_is_tried_again_after_a_growing_wait(attempts: int, wait_s: float) -> None:
    """Pending, one attempt more, and the reason kept for people."""
    attempt = after(attempts)

    assert (attempt.status, attempt.attempts) == (DeliveryStatus.PENDING, attempts + 1)
    assert attempt.next_attempt_at == START + timedelta(seconds=wait_s)
    assert (attempt.error, attempt.at) == ("connection refused", START)


@pytest.mark.parametrize(
    ("asked_s", "chance", "wait_s"), [(30, 0.0, 30), (30, 1.0, 30), (2, 1.0, 8), (9999, 0.5, 60), (None, 0.5, 4)]
)
def test_the_receivers_wish_is_the_least_wait(asked_s: float | None, chance: float, wait_s: float) -> None:
    """Retry-After is obeyed where it is longer than the back-off, up to the longest wait."""
    attempt = after(3, SinkUnavailable("busy", retry_after_s=asked_s), chance=chance)

    assert attempt.next_attempt_at == START + timedelta(seconds=wait_s)


@pytest.mark.parametrize(("tried_for_s", "dead"), [(9.0, False), (1.1, False), (1.0, True), (-5.0, True)])
def test_an_old_event_is_given_up(tried_for_s: float, dead: bool) -> None:  # noqa: FBT001
    """Dead as soon as the next attempt would come when its time is over, or later."""
    attempt = failed(FRESH, AWAY, RETRY, START, 1.0, tried_for_s=tried_for_s)

    assert (attempt.status is DeliveryStatus.DEAD) is dead
    assert (attempt.next_attempt_at is None) is dead


@pytest.mark.parametrize(
    ("rejections", "refused_for_s", "dead"),
    [(0, 0.0, False), (1, 0.0, False), (2, 0.0, True), (9, -1.0, True), (2, 0.1, False), (9, 600.0, False)],
)
def test_a_refused_event_is_tried_a_few_times_and_for_a_while(
    rejections: int,
    refused_for_s: float,
    dead: bool,  # noqa: FBT001
) -> None:
    """A refusal is not forever at first: a receiver may be half deployed. Its absence before does not count."""
    refused = replace(FRESH, attempts=20, rejections=rejections)
    attempt = failed(refused, SinkRejected("HTTP 400"), RETRY, START, 1.0, refused_for_s=refused_for_s)

    assert (attempt.status is DeliveryStatus.DEAD) is dead
    assert (attempt.attempts, attempt.rejections, attempt.error) == (21, rejections + 1, "HTTP 400")


def test_refusals_count_from_the_first() -> None:
    """Later ones do not move it, and neither does an absence."""
    since = START - timedelta(seconds=99)

    assert failed(FRESH, SinkRejected("HTTP 400"), RETRY, START, 1.0, refused_for_s=9.0).rejected_since == START
    assert failed(FRESH, AWAY, RETRY, START, 1.0).rejected_since is None
    refused = replace(FRESH, rejections=1, rejected_since=since)
    for error in (SinkRejected("HTTP 400"), AWAY):
        assert failed(refused, error, RETRY, START, 1.0, refused_for_s=9.0).rejected_since == since


@given(attempts=st.integers(0, 10_000), chance=st.floats(0, 1), tried_for_s=st.floats(-1e6, 1e6))
def test_an_absent_receiver_is_tried_until_the_event_is_old(attempts: int, chance: float, tried_for_s: float) -> None:
    """No number of attempts gives up an event that is not old, and no next attempt lies beyond its time."""
    attempt = failed(replace(FRESH, attempts=attempts), AWAY, RETRY, START, chance, tried_for_s=tried_for_s)

    if attempt.next_attempt_at is None:
        assert tried_for_s <= 60.0
    else:
        assert timedelta() <= attempt.delay <= timedelta(seconds=tried_for_s)


@pytest.mark.parametrize(
    ("age_s", "bound_s", "left"),
    [(0, 3600, 3600), (600, 3600, 3000), (-1e7, 3600, 3600), (3e7, 3600, 1800), (3e7, 259_200, 3600)],
)
def test_no_clock_makes_something_dead_at_once(age_s: float, bound_s: float, left: float) -> None:
    """What began in the future began now; what seems very old has an hour, or half of its bound."""
    assert left_s(START - timedelta(seconds=age_s), bound_s, START) == left


@pytest.mark.parametrize(("ahead_s", "wait"), [(None, 0), (-9, 0), (5, 5), (86_400, 60)])
def test_no_wait_from_the_store_is_longer_than_the_longest(ahead_s: float | None, wait: float) -> None:
    """A clock that was wrong when it was written delays nothing for longer."""
    next_at = None if ahead_s is None else START + timedelta(seconds=ahead_s)

    assert wait_s(replace(FRESH, next_attempt_at=next_at), RETRY, START) == wait


@pytest.mark.parametrize(("attempts", "wait"), [(1, 1), (4, 8), (500, 60)])
def test_a_clock_that_was_set_back_is_not_waited_out(attempts: int, wait: float) -> None:
    """Committed ten minutes from now, by the clock: what was a wait of seconds is one of seconds still."""
    later = START + timedelta(minutes=10)
    delivery = replace(FRESH, created_at=later, attempts=attempts, next_attempt_at=later + timedelta(seconds=1))

    assert wait_s(delivery, RETRY, START) == wait
