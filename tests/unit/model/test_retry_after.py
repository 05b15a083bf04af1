"""How the Retry-After header is read."""

from datetime import UTC, datetime

import pytest

from jobwatchd.http.answer import LONGEST_S, retry_after_s

NOW = datetime(1994, 11, 6, 8, 49, 0, tzinfo=UTC)


@pytest.mark.parametrize(("value", "expected"), [("0", 0.0), ("120", 120.0), (" 7 ", 7.0)])
def test_whole_seconds_are_taken_as_they_are(value: str, expected: float) -> None:
    """The first form is a number of seconds."""
    assert expected == retry_after_s(value, NOW)


@pytest.mark.parametrize(
    "value",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Sun, 06 Nov 1994 09:49:37 +0100",
    ],
)
def test_a_date_is_taken_relative_to_now(value: str) -> None:
    """The second form is a date, in any spelling that HTTP ever had."""
    assert retry_after_s(value, NOW) == 37.0


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sat, 05 Nov 1994 08:49:07 GMT", 86_430.0),
        ("Sun, 06 Nov 1994 08:49:27 GMT", 10.0),
        ("lately", 37.0),
        ("", 37.0),
    ],
)
def test_a_date_is_taken_relative_to_the_answers_own(date: str, expected: float) -> None:
    """One clock wrote both, so it does not matter whether that one or ours is wrong."""
    assert retry_after_s("Sun, 06 Nov 1994 08:49:37 GMT", NOW, date) == expected


def test_a_date_in_the_past_means_now() -> None:
    """A server whose clock is behind does not make a delay negative."""
    assert retry_after_s("Sun, 06 Nov 1994 08:00:00 GMT", NOW) == 0.0


@pytest.mark.parametrize("value", ["9" * 400, "9" * 5_000, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_an_absurd_delay_is_bounded(value: str) -> None:
    """What is returned can be added to a time without overflowing."""
    assert retry_after_s(value, NOW) == LONGEST_S


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "   ",
        "soon",
        "-5",
        "+5",
        "1.5",
        "1e3",
        "٣",
        "²",
        "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov",
        "\x00",
    ],
)
def test_what_cannot_be_read_is_as_good_as_no_header(value: str | None) -> None:
    """A missing or broken header asks for nothing."""
    assert retry_after_s(value, NOW) is None
