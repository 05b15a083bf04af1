"""Whether anything gets through to a sink."""

import pytest

from jobwatchd.engine.sink_breaker import NEWS_S, OPEN_AFTER, UNLIMITED, SinkBreaker
from jobwatchd.engine.subject import Subject

LIMIT = 20


@pytest.fixture
def breaker() -> SinkBreaker:
    """Return a breaker at time 0, with the worst luck."""
    return SinkBreaker(LIMIT, 600.0, lambda: 1.0)


def fail(
    breaker: SinkBreaker, *subjects: Subject, now_s: float = 0.0, asked_s: float = 0.0, others: bool = False
) -> None:
    """Let subjects fail, one after the other."""
    for subject in subjects:
        breaker.failed(subject, now_s, asked_s, probe=subject.probes, others=lambda: others)


def some(count: int) -> list[Subject]:
    """Return new subjects."""
    return [Subject(f"graph/{number}") for number in range(count)]


def opened(breaker: SinkBreaker, *, asked_s: float = 0.0) -> list[Subject]:
    """Let the breaker open, and return whose failures did it."""
    subjects = some(OPEN_AFTER)
    fail(breaker, *subjects, asked_s=asked_s)
    assert breaker.is_open
    return subjects


def test_it_opens_when_all_that_could_be_tried_has_failed(breaker: SinkBreaker) -> None:
    """After some failures in a row, also where few subjects fail again and again."""
    one = Subject("graph/1")
    fail(breaker, *[one] * (OPEN_AFTER - 1))
    assert (breaker.is_open, breaker.allowance(0.0)) == (False, UNLIMITED)
    fail(breaker, one)
    assert (breaker.is_open, breaker.allowance(0.0), breaker.next_s(0.0)) == (True, 0, 1.0)


def test_it_stays_closed_while_others_may_get_through_up_to_a_limit(breaker: SinkBreaker) -> None:
    """So many different ones have to fail before the rest is not even tried."""
    *subjects, last = some(LIMIT)
    fail(breaker, *subjects * 3, others=True)
    assert not breaker.is_open
    fail(breaker, last, others=True)
    assert breaker.is_open


def test_a_success_in_between_begins_a_new_row(breaker: SinkBreaker) -> None:
    """Half of the time is enough."""
    for subject in some(100):
        fail(breaker, subject)
        breaker.succeeded()
    assert not breaker.is_open


def test_what_fails_on_both_sides_of_a_success_says_nothing_of_the_sink(breaker: SinkBreaker) -> None:
    """Its trouble is its own, however often it fails from then on."""
    subjects = some(3)
    fail(breaker, *subjects)
    breaker.succeeded()
    fail(breaker, *subjects * 100)
    assert all(subject.suspect for subject in subjects)
    assert not breaker.is_open
    assert not breaker.is_troubled


def test_a_success_releases_those_that_failed_because_nothing_got_through(breaker: SinkBreaker) -> None:
    """Once: those that fail again wait out their own back-off."""
    subjects = opened(breaker)
    assert set(breaker.succeeded()) == set(subjects)
    assert breaker.allowance(0.0) == UNLIMITED
    fail(breaker, *subjects)
    assert list(breaker.succeeded()) == []


def test_few_failures_before_a_success_release_nobody(breaker: SinkBreaker) -> None:
    """They were not an absence of the receiver."""
    fail(breaker, *some(OPEN_AFTER - 1))
    assert list(breaker.succeeded()) == []


def test_refusals_do_not_open_it_and_are_released_too(breaker: SinkBreaker) -> None:
    """An ingress without its backend answers 404 to all; when one gets through, all may."""
    subjects = some(50)
    for subject in subjects:
        breaker.refused(subject)
    assert not breaker.is_open
    assert set(breaker.succeeded()) == set(subjects)


def test_a_refusal_closes_it(breaker: SinkBreaker) -> None:
    """The receiver is there."""
    opened(breaker)
    breaker.refused(Subject("graph/x"))
    assert (breaker.is_open, breaker.allowance(0.0)) == (False, UNLIMITED)


def test_probes_go_one_at_a_time_further_and_further_apart() -> None:
    """Up to half a minute, and never further than the longest back-off."""
    for longest_s, expected in ((600.0, [1, 2, 4, 8, 16, 30, 30]), (5.0, [1, 2, 4, 5, 5, 5, 5])):
        breaker = SinkBreaker(LIMIT, longest_s, lambda: 1.0)
        opened(breaker)
        probe, now_s, waits = Subject("graph/probe"), 0.0, []
        probe.probes = True
        for _ in expected:
            due_s = breaker.next_s(now_s)
            assert due_s is not None
            assert not breaker.probe(due_s - 0.01)
            assert [breaker.probe(due_s), breaker.probe(due_s), breaker.next_s(due_s)] == [True, False, None]
            waits.append(due_s - now_s)
            now_s = due_s
            fail(breaker, probe, now_s=now_s)
        assert waits == expected


def test_failures_of_attempts_that_were_under_way_put_no_probe_off(breaker: SinkBreaker) -> None:
    """Only the probe tells something new."""
    opened(breaker)
    fail(breaker, *some(10), now_s=0.9)
    assert breaker.next_s(0.9) == 1.0


def test_new_subjects_are_tried_until_enough_have_failed(breaker: SinkBreaker) -> None:
    """Too few failures are no reason not to try others."""
    opened(breaker)
    assert breaker.lets_new_through(0.0)
    fail(breaker, *some(LIMIT - OPEN_AFTER))
    assert not breaker.lets_new_through(0.0)


def test_news_are_probed_with_soon(breaker: SinkBreaker) -> None:
    """However far apart probes have become, and whatever those that it knows were asked for."""
    opened(breaker, asked_s=300.0)
    assert breaker.next_s(0.0) == 300.0
    breaker.came(50.0)
    assert breaker.next_s(50.0) == 50.0
    probe = Subject("graph/probe")
    probe.probes = breaker.probe(50.0)
    breaker.came(50.5)
    assert breaker.probe_overdue_s() == 51.0
    fail(breaker, probe, now_s=50.6, asked_s=300.0)
    assert breaker.next_s(50.6) == 50.6 + NEWS_S


def test_a_slow_probe_is_given_more_and_more_time(breaker: SinkBreaker) -> None:
    """A receiver that is slow, and not dead, is heard in the end."""
    opened(breaker)
    now_s, patience = 0.0, []
    for _ in range(6):
        now_s = breaker.next_s(now_s) or now_s
        probe = Subject("graph/probe")
        probe.probes = breaker.probe(now_s)
        breaker.came(now_s)
        overdue_s = breaker.probe_overdue_s()
        assert overdue_s is not None
        patience.append(overdue_s - now_s)
        now_s = overdue_s
        fail(breaker, probe, now_s=now_s)
    assert patience == [1, 2, 4, 8, 16, 30]


def test_a_pause_stops_everything_until_it_is_over(breaker: SinkBreaker) -> None:
    """Also where others succeed meanwhile, and also probes; a shorter one does not end a longer one."""
    breaker.pause(0.0, 30.0)
    breaker.pause(1.0, 1.0)
    breaker.succeeded()
    assert (breaker.allowance(29.9), breaker.lets_new_through(29.9), breaker.next_s(29.9)) == (0, False, 30.0)
    assert breaker.allowance(30.0) == UNLIMITED


def test_a_disabled_sink_is_tried_with_nothing_until_it_is_enabled(breaker: SinkBreaker) -> None:
    """And begins anew then."""
    opened(breaker)
    breaker.pause(0.0, 30.0)
    breaker.is_disabled = True
    assert (breaker.allowance(1e6), breaker.lets_new_through(1e6), breaker.next_s(1e6)) == (0, False, None)
    breaker.enable()
    assert breaker.allowance(0.0) == UNLIMITED
