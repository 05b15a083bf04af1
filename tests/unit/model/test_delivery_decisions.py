"""What a failed attempt to deliver means."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwatchd.errors import SinkError, SinkRejected, SinkUnavailable
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Attempt, Delivery, DeliveryStatus, Retry, failed, succeeded
from jobwatchd.model.event import Event, EventType
from jobwatchd.testing import START

RETRY = Retry(Backoff(first_s=1.0, factor=2.0, longest_s=60.0), max_age_s=3600.0, rejections=3)
FRESH = Delivery("hook", 12, Event("id", EventType.JOB_FAILED, "graph", 1, START), START)
AWAY = SinkUnavailable("connection refused")


def after(attempts: int, error: SinkError = AWAY, *, chance: float = 1.0, age_s: float = 0.0) -> Attempt:
    """Return what one more failure means for a delivery of this age after so many attempts."""
    now = START + timedelta(seconds=age_s)
    return failed(replace(FRESH, attempts=attempts), error, RETRY, now, chance)


def test_a_success_is_recorded_with_all_its_attempts():
    """The last attempt counts too."""
    now = START + timedelta(seconds=9)

    assert succeeded(replace(FRESH, attempts=2), now) == Attempt("hook", 12, DeliveryStatus.DELIVERED, 3, now)


@pytest.mark.parametrize(("attempts", "wait_s"), [(0, 1), (1, 2), (5, 32), (6, 60), (500, 60)])
def test_a_failure_is_tried_again_after_a_growing_wait(attempts: int, wait_s: float):
    """Pending, one attempt more, and the reason kept for people."""
    attempt = after(attempts)

    assert (attempt.status, attempt.attempts) == (DeliveryStatus.PENDING, attempts + 1)
    assert attempt.next_attempt_at == START + timedelta(seconds=wait_s)
    assert (attempt.error, attempt.at) == ("connection refused", START)


@pytest.mark.parametrize(
    ("asked_s", "chance", "wait_s"), [(30, 0.0, 30), (30, 1.0, 30), (2, 1.0, 8), (9999, 0.5, 60), (None, 0.5, 4)]
)
def test_the_receivers_wish_is_the_least_wait(asked_s: float | None, chance: float, wait_s: float):
    """Retry-After is obeyed where it is longer than the back-off, up to the longest wait."""
    attempt = after(3, SinkUnavailable("busy", retry_after_s=asked_s), chance=chance)

    assert attempt.next_attempt_at == START + timedelta(seconds=wait_s)


@pytest.mark.parametrize(("age_s", "dead"), [(3590.0, False), (3598.9, False), (3599.0, True), (9999.0, True)])
def test_an_old_event_is_given_up(age_s: float, dead: bool):  # noqa: FBT001
    """Dead as soon as the next attempt would come at or after the longest age."""
    attempt = after(0, age_s=age_s)

    assert (attempt.status is DeliveryStatus.DEAD) is dead
    assert (attempt.next_attempt_at is None) is dead


@pytest.mark.parametrize(("rejections", "dead"), [(0, False), (1, False), (2, True), (9, True)])
def test_a_refused_event_is_tried_a_few_times(rejections: int, dead: bool):  # noqa: FBT001
    """A refusal is not forever at first: a receiver may be half deployed. Its absence before does not count."""
    refused = replace(FRESH, attempts=20, rejections=rejections)
    attempt = failed(refused, SinkRejected("HTTP 400"), RETRY, START, 1.0)

    assert (attempt.status is DeliveryStatus.DEAD) is dead
    assert (attempt.attempts, attempt.error) == (21, "HTTP 400")


@given(attempts=st.integers(0, 10_000), chance=st.floats(0, 1), age_s=st.floats(0, 1e6))
def test_an_absent_receiver_is_tried_until_the_event_is_old(attempts: int, chance: float, age_s: float):
    """No number of attempts gives up an event that is not old, and no next attempt lies beyond the age."""
    attempt = after(attempts, chance=chance, age_s=age_s)

    if attempt.next_attempt_at is None:
        assert age_s + 60.0 >= 3600.0
    else:
        assert attempt.at <= attempt.next_attempt_at < START + timedelta(seconds=3600.0)
