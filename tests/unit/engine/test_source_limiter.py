"""How much may be asked of a source now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwatchd.engine.source_limiter import LONGEST_PAUSE_S, OPEN_AFTER, UNLIMITED, SourceLimiter


def build(rate: float | None = None, luck: float = 1.0, *, is_open: bool = False) -> SourceLimiter:
    """Return a limiter at time 0, with the worst luck."""
    return SourceLimiter(rate, lambda: luck, 0.0, is_open=is_open)


def break_down(limiter: SourceLimiter, now_s: float = 0.0) -> None:
    """Let requests fail until the breaker opens."""
    for _ in range(OPEN_AFTER):
        assert limiter.admit(now_s)
        limiter.failed(now_s)


def test_without_a_rate_all_is_admitted() -> None:
    """There is no limit, and it is always now."""
    limiter = build()

    assert (limiter.allowance(0.0), limiter.next_s(0.0)) == (UNLIMITED, 0.0)
    assert all(limiter.admit(0.0) for _ in range(10_000))


@given(rate=st.floats(0.01, 5_000), gaps=st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_a_rate_is_kept_over_any_span(rate: float, gaps: list[float]) -> None:
    """However the looks fall, no more is admitted than the rate and one small burst allow."""
    limiter, now_s, admitted = build(rate), 0.0, 0
    for gap_s in gaps:
        now_s += gap_s
        while limiter.admit(now_s):
            admitted += 1
        assert admitted <= max(1.0, rate * 0.05) + rate * now_s + 0.001


@given(rate=st.floats(0.01, 5_000), start_s=st.floats(0, 1e7))
def test_a_request_at_the_promised_moment_is_admitted(rate: float, start_s: float) -> None:
    """What `next_s` says is true to the last bit, or whoever sleeps until then would spin."""
    limiter, now_s = SourceLimiter(rate, lambda: 1.0, start_s), start_s
    for _ in range(30):
        while limiter.admit(now_s):
            pass
        promised_s = limiter.next_s(now_s)
        assert promised_s is not None
        assert promised_s > now_s
        now_s = promised_s
        assert limiter.admit(now_s)


def test_a_rate_set_after_unlimited_requests_counts_from_then_on() -> None:
    """What was sent before there was a rate is not charged for when a reload sets one."""
    limiter = build()
    for _ in range(10_000):
        limiter.admit(10.0)
    limiter.rate_limiter.rate = 10.0

    assert limiter.admit(10.0)
    assert limiter.next_s(10.0) == pytest.approx(10.1)


def test_a_pause_stops_everything_until_it_is_over() -> None:
    """Retry-After counts for all requests, also where others are answered meanwhile."""
    limiter = build()
    limiter.failed(0.0, retry_after_s=30.0)
    limiter.breaker.answered()

    assert (limiter.admit(29.9), limiter.allowance(29.9), limiter.next_s(29.9)) == (False, 0, 30.0)
    assert limiter.admit(30.0)


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    """The latest moment that was asked for counts, and no more than an hour."""
    limiter = build()
    limiter.failed(0.0, retry_after_s=30.0)
    limiter.failed(1.0, retry_after_s=1.0)
    assert limiter.next_s(1.0) == 30.0
    limiter.failed(1.0, retry_after_s=1e9)
    assert limiter.next_s(1.0) == 1.0 + LONGEST_PAUSE_S


def test_the_breaker_opens_after_failures_in_a_row() -> None:
    """One answer in between starts the row anew."""
    limiter = build()
    for _ in range(OPEN_AFTER - 1):
        limiter.failed(0.0)
    limiter.breaker.answered()
    for _ in range(OPEN_AFTER - 1):
        limiter.failed(1.0)
    assert not limiter.breaker.is_open
    assert limiter.breaker.failing_since_s == 1.0

    limiter.failed(2.0)

    assert limiter.breaker.is_open
    assert limiter.breaker.failing_since_s == 1.0


def test_an_open_breaker_lets_one_probe_through_at_a_time() -> None:
    """Nothing passes until the probe is due, then one, and then nothing until it came back."""
    limiter = build()
    break_down(limiter)

    assert (limiter.allowance(0.5), limiter.admit(0.5), limiter.next_s(0.5)) == (0, False, 1.0)
    assert limiter.allowance(1.0) == 1
    assert [limiter.admit(1.0), limiter.admit(1.0), limiter.admit(50.0)] == [True, False, False]
    assert limiter.next_s(50.0) is None


def test_probes_come_further_and_further_apart() -> None:
    """Each failed probe doubles the wait, up to half a minute."""
    limiter, now_s, waits = build(), 0.0, []
    break_down(limiter)
    for _ in range(8):
        due_s = limiter.next_s(now_s)
        assert due_s is not None
        waits.append(due_s - now_s)
        now_s = due_s
        assert limiter.admit(now_s)
        limiter.failed(now_s)

    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_failures_of_requests_that_were_under_way_change_nothing() -> None:
    """When fifty requests time out together, the breaker opens once and its first probe is not put off."""
    limiter = build()
    break_down(limiter)
    for _ in range(50):
        limiter.failed(0.9)

    assert limiter.next_s(0.9) == 1.0


def test_an_answered_probe_closes_the_breaker() -> None:
    """All may pass again at once, and the next trouble starts from the beginning."""
    limiter = build()
    break_down(limiter)
    limiter.admit(1.0)
    limiter.breaker.answered()

    assert (limiter.breaker.is_open, limiter.breaker.failing_since_s, limiter.allowance(1.0)) == (
        False,
        None,
        UNLIMITED,
    )
    break_down(limiter, 2.0)
    assert limiter.next_s(2.0) == 3.0


def test_the_answer_to_a_request_that_was_under_way_closes_the_breaker_too() -> None:
    """Whoever answers is there."""
    limiter = build()
    break_down(limiter)
    limiter.breaker.answered()

    assert limiter.admit(0.0)


def test_a_probe_that_was_not_used_is_given_back() -> None:
    """The one who was admitted found nothing to send: the next may try, or nobody ever would."""
    limiter = build()
    break_down(limiter)
    assert limiter.admit(1.0)
    limiter.give_back()

    assert (limiter.allowance(1.0), limiter.next_s(1.0)) == (1, 1.0)


def test_an_admission_that_was_not_used_does_not_count_against_the_rate() -> None:
    """One more may be sent instead."""
    limiter = build(rate=1.0)
    assert limiter.admit(0.0)
    limiter.give_back()

    assert limiter.admit(0.0)
    assert not limiter.admit(0.0)


def test_a_limiter_built_shut_probes_first() -> None:
    """After a restart into an outage one request goes, not all of them."""
    limiter = SourceLimiter(None, lambda: 1.0, 100.0, is_open=True)

    assert (limiter.breaker.is_open, limiter.breaker.failing_since_s, limiter.allowance(100.0)) == (True, 100.0, 1)
    assert [limiter.admit(100.0), limiter.admit(100.0)] == [True, False]
    limiter.breaker.answered()
    assert limiter.allowance(100.0) == UNLIMITED


def test_a_pause_holds_back_probes() -> None:
    """An open breaker does not probe where the server asked to be left alone."""
    limiter = build()
    break_down(limiter)
    limiter.failed(0.0, retry_after_s=60.0)

    assert (limiter.admit(1.0), limiter.next_s(1.0)) == (False, 60.0)
    assert limiter.admit(60.0)


def test_a_list_of_several_requests_is_charged_for() -> None:
    """A rate counts requests, not polls; what one admission overdrew is made up for before the next."""
    limiter = SourceLimiter(2.0, lambda: 0.5, 0.0)
    assert limiter.admit(0.0)
    limiter.rate_limiter.charge(4)
    assert (limiter.allowance(0.0), limiter.admit(2.0), limiter.admit(2.5)) == (0, False, True)


def test_what_is_held_is_admitted_only_after_its_release() -> None:
    """Looked at every tenth of a second; a pause that was asked for meanwhile is obeyed afterwards."""
    limiter = build()
    limiter.hold()
    assert (limiter.is_held, limiter.allowance(5.0), limiter.admit(5.0)) == (True, 0, False)
    assert limiter.next_s(5.0) == pytest.approx(5.1)
    limiter.failed(5.0, retry_after_s=60.0)
    limiter.breaker.answered()
    limiter.release()
    assert (limiter.is_held, limiter.next_s(6.0)) == (False, 65.0)
    assert limiter.admit(65.0)
