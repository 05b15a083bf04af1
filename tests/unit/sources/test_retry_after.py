"""The Retry-After header."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwatchd.sources.http.retry_after import retry_after_s

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("-5", 0.0),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0),
        ("Sunday, 01-Mar-26 12:01:30 GMT", 90.0),
        ("Sun Mar  1 12:01:30 2026", 90.0),
        ("Sun, 01 Mar 2026 13:01:30 +0100", 90.0),
        ("Sun, 01 Mar 2026 11:59:00 GMT", 0.0),
        ("99999999999", 99999999999.0),
    ],
)
def test_reads_both_forms(value: str, expected: float):
    """Seconds and HTTP dates in all their spellings are understood; what lies in the past is 0."""
    assert retry_after_s(value, NOW) == expected


@pytest.mark.parametrize(
    "value", [None, "", "soon", "1.5", "1e3", "0x10", "٣", "12 seconds", "Sun, 32 Mar 2026 12:00:00 GMT", "12:00"]
)
def test_garbage_says_nothing(value: str | None):
    """What is neither of the two forms is None, as if the header were not there."""
    assert retry_after_s(value, NOW) is None


def test_absurd_numbers_are_a_very_long_time():
    """A number with more digits than a float can hold does not raise."""
    assert retry_after_s("9" * 5000, NOW) == float("inf")


@given(st.text() | st.from_regex(r"[A-Za-z]{3}, [0-9]{1,3} [A-Za-z]{3} [0-9]{1,6} [0-9:]{1,9} ?[+A-Z0-9-]{0,8}"))
def test_never_raises_and_is_never_negative(value: str):
    """Whatever a server sends, the outcome is None or a number that is not negative."""
    outcome = retry_after_s(value, NOW)
    assert outcome is None or outcome >= 0.0
