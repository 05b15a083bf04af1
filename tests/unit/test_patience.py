"""For which jobs waiting has become pointless."""

from jobwatchd.app.patience import Patience
from jobwatchd.model.job import JobReference

A, B = JobReference.of("graph", ["1"]), JobReference.of("graph", ["2"])


def test_a_job_that_does_not_appear_is_looked_for_once_more() -> None:
    """When its time is up; only then it is given up."""
    patience = Patience(appear_within_s=30.0)
    assert not patience.missed(A, 0.0)
    assert list(patience.due(29.0)) == []
    assert list(patience.due(30.0)) == [A]
    assert list(patience.due(31.0)) == []
    assert patience.missed(A, 31.0)


def test_a_job_that_was_there_is_not_given_up() -> None:
    """Whether it is lost is not decided here."""
    patience = Patience(appear_within_s=0.0)
    assert not patience.missed(A, 0.0)
    patience.found(A)
    assert list(patience.due(1.0)) == []
    assert not patience.missed(A, 2.0)


def test_two_refusals_in_a_row_are_enough() -> None:
    """Accounts get locked; one may be that of a server which has just started."""
    patience = Patience(appear_within_s=30.0)
    assert not patience.refused(A)
    patience.found(A)
    assert not patience.refused(A)
    assert patience.refused(A)


def test_a_source_that_lets_in_nobody_is_given_up_whole() -> None:
    """Not by what was under way when the first refusal came, and not where one job could be seen."""
    patience = Patience(appear_within_s=30.0)
    patience.refused(A)
    assert not patience.is_shut_out(0)
    assert patience.is_shut_out(1)
    patience.found(B)
    assert not patience.is_shut_out(1)
