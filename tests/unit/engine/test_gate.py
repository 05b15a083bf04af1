"""How much may be sent: rate, pauses, breaker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwatchd.engine.gate import LONGEST_PAUSE_S, OPEN_AFTER, UNLIMITED, Gate


def build(rate: float | None = None, luck: float = 1.0, *, shut: bool = False) -> Gate:
    """Return a gate at time 0, with the worst luck."""
    return Gate(rate, lambda: luck, 0.0, shut=shut)


def break_down(gate: Gate, now_s: float = 0.0) -> None:
    """Let requests fail until the breaker opens."""
    for _ in range(OPEN_AFTER):
        assert gate.admit(now_s)
        gate.failed(now_s)


def test_without_a_rate_all_is_admitted():
    """There is no limit, and it is always now."""
    gate = build()

    assert (gate.allowance(0.0), gate.next_s(0.0)) == (UNLIMITED, 0.0)
    assert all(gate.admit(0.0) for _ in range(10_000))


@given(rate=st.floats(0.01, 5_000), gaps=st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_a_rate_is_kept_over_any_span(rate: float, gaps: list[float]):
    """However the looks fall, no more is admitted than the rate and one small burst allow."""
    gate, now_s, admitted = build(rate), 0.0, 0
    for gap_s in gaps:
        now_s += gap_s
        while gate.admit(now_s):
            admitted += 1
        assert admitted <= max(1.0, rate * 0.05) + rate * now_s + 0.001


@given(rate=st.floats(0.01, 5_000), start_s=st.floats(0, 1e7))
def test_a_request_at_the_promised_moment_is_admitted(rate: float, start_s: float):
    """What `next_s` says is true to the last bit, or whoever sleeps until then would spin."""
    gate, now_s = Gate(rate, lambda: 1.0, start_s), start_s
    for _ in range(30):
        while gate.admit(now_s):
            pass
        promised_s = gate.next_s(now_s)
        assert promised_s is not None
        assert promised_s > now_s
        now_s = promised_s
        assert gate.admit(now_s)


def test_a_rate_set_after_unlimited_requests_counts_from_then_on():
    """What was sent before there was a rate is not charged for when a reload sets one."""
    gate = build()
    for _ in range(10_000):
        gate.admit(10.0)
    gate.rate = 10.0

    assert gate.admit(10.0)
    assert gate.next_s(10.0) == pytest.approx(10.1)


def test_a_pause_stops_everything_until_it_is_over():
    """Retry-After counts for all requests, also where others are answered meanwhile."""
    gate = build()
    gate.failed(0.0, retry_after_s=30.0)
    gate.answered()

    assert (gate.admit(29.9), gate.allowance(29.9), gate.next_s(29.9)) == (False, 0, 30.0)
    assert gate.admit(30.0)


def test_a_shorter_pause_does_not_end_a_longer_one():
    """The latest moment that was asked for counts, and no more than an hour."""
    gate = build()
    gate.failed(0.0, retry_after_s=30.0)
    gate.failed(1.0, retry_after_s=1.0)
    assert gate.next_s(1.0) == 30.0
    gate.failed(1.0, retry_after_s=1e9)
    assert gate.next_s(1.0) == 1.0 + LONGEST_PAUSE_S


def test_the_breaker_opens_after_failures_in_a_row():
    """One answer in between starts the row anew."""
    gate = build()
    for _ in range(OPEN_AFTER - 1):
        gate.failed(0.0)
    gate.answered()
    for _ in range(OPEN_AFTER - 1):
        gate.failed(1.0)
    assert not gate.is_open
    assert gate.failing_since_s == 1.0

    gate.failed(2.0)

    assert gate.is_open
    assert gate.failing_since_s == 1.0


def test_an_open_breaker_lets_one_probe_through_at_a_time():
    """Nothing passes until the probe is due, then one, and then nothing until it came back."""
    gate = build()
    break_down(gate)

    assert (gate.allowance(0.5), gate.admit(0.5), gate.next_s(0.5)) == (0, False, 1.0)
    assert gate.allowance(1.0) == 1
    assert [gate.admit(1.0), gate.admit(1.0), gate.admit(50.0)] == [True, False, False]
    assert gate.next_s(50.0) is None


def test_probes_come_further_and_further_apart():
    """Each failed probe doubles the wait, up to half a minute."""
    gate, now_s, waits = build(), 0.0, []
    break_down(gate)
    for _ in range(8):
        due_s = gate.next_s(now_s)
        assert due_s is not None
        waits.append(due_s - now_s)
        now_s = due_s
        assert gate.admit(now_s)
        gate.failed(now_s)

    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_failures_of_requests_that_were_under_way_change_nothing():
    """When fifty requests time out together, the breaker opens once and its first probe is not put off."""
    gate = build()
    break_down(gate)
    for _ in range(50):
        gate.failed(0.9)

    assert gate.next_s(0.9) == 1.0


def test_an_answered_probe_closes_the_breaker():
    """All may pass again at once, and the next trouble starts from the beginning."""
    gate = build()
    break_down(gate)
    gate.admit(1.0)
    gate.answered()

    assert (gate.is_open, gate.failing_since_s, gate.allowance(1.0)) == (False, None, UNLIMITED)
    break_down(gate, 2.0)
    assert gate.next_s(2.0) == 3.0


def test_the_answer_to_a_request_that_was_under_way_closes_the_breaker_too():
    """Whoever answers is there."""
    gate = build()
    break_down(gate)
    gate.answered()

    assert gate.admit(0.0)


def test_a_probe_that_was_not_used_is_given_back():
    """The one who was admitted found nothing to send: the next may try, or nobody ever would."""
    gate = build()
    break_down(gate)
    assert gate.admit(1.0)
    gate.unused()

    assert (gate.allowance(1.0), gate.next_s(1.0)) == (1, 1.0)


def test_an_admission_that_was_not_used_does_not_count_against_the_rate():
    """One more may be sent instead."""
    gate = build(rate=1.0)
    assert gate.admit(0.0)
    gate.unused()

    assert gate.admit(0.0)
    assert not gate.admit(0.0)


def test_a_gate_built_shut_probes_first():
    """After a restart into an outage one request goes, not all of them."""
    gate = Gate(None, lambda: 1.0, 100.0, shut=True)

    assert (gate.is_open, gate.failing_since_s, gate.allowance(100.0)) == (True, 100.0, 1)
    assert [gate.admit(100.0), gate.admit(100.0)] == [True, False]
    gate.answered()
    assert gate.allowance(100.0) == UNLIMITED


def test_a_pause_holds_back_probes():
    """An open breaker does not probe where the server asked to be left alone."""
    gate = build()
    break_down(gate)
    gate.failed(0.0, retry_after_s=60.0)

    assert (gate.admit(1.0), gate.next_s(1.0)) == (False, 60.0)
    assert gate.admit(60.0)


def test_a_list_of_several_requests_is_charged_for():
    """A rate counts requests, not polls; what one admission overdrew is made up for before the next."""
    gate = Gate(2.0, lambda: 0.5, 0.0)
    assert gate.admit(0.0)
    gate.charge(4)
    assert (gate.allowance(0.0), gate.admit(2.0), gate.admit(2.5)) == (0, False, True)


def test_what_is_held_is_admitted_only_after_its_release():
    """Looked at every tenth of a second; a pause that was asked for meanwhile is obeyed afterwards."""
    gate = build()
    gate.hold()
    assert (gate.is_held, gate.allowance(5.0), gate.admit(5.0)) == (True, 0, False)
    assert gate.next_s(5.0) == pytest.approx(5.1)
    gate.failed(5.0, retry_after_s=60.0)
    gate.answered()
    gate.release()
    assert (gate.is_held, gate.next_s(6.0)) == (False, 65.0)
    assert gate.admit(65.0)
