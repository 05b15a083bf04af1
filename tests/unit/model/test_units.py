"""Durations are read as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwatchd.model.notation import LONGEST_DURATION_S, parse_duration_s


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("6hours", "6h"),
        ("5 min", "5m"),
        ("6H", "6h"),
        ("90", "90s"),
        ("1,5h", "1.5h"),
        ("1h30", "90m"),
        ("1h 30m", "90m"),
        ("2 hours 15 seconds", "7215s"),
        ("1w", "7d"),
        ("PT36H", "36h"),
        ("P1DT12H", "36h"),
    ],
)
def test_what_was_meant_is_suggested(text: str, meant: str) -> None:
    """Who writes a duration in another way is told how to write this one."""
    with pytest.raises(ValueError, match=rf"or d\): {meant}$"):
        parse_duration_s(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("5s", 5.0), ("10m", 600.0), ("1.5h", 5_400.0), ("7d", 604_800.0), ("0s", 0.0), (" 5 s ", 5.0)],
)
def test_every_unit(text: str, seconds: float) -> None:
    """A number and a unit are so many seconds."""
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "s", "5 sec", "-5s", "5S", "1e3s", "5s5s", ".5s", "5.s", "\u0665s", "inf s", "5s\x00"]
)
def test_anything_else_is_refused(text: str) -> None:
    """What is no number with a unit is refused with a sentence that says what was expected."""
    with pytest.raises(ValueError, match=r"is not a duration; write a number and a unit \(ms, s, m, h or d\)"):
        parse_duration_s(text)


def test_a_century_is_the_most() -> None:
    """A duration that would leave the calendar is refused."""
    assert parse_duration_s("36500d") == LONGEST_DURATION_S
    with pytest.raises(ValueError, match="at most 36500d"):
        parse_duration_s("36501d")


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    """Any text is either so many seconds within bounds, or a ValueError."""
    try:
        seconds = parse_duration_s(text)
    except ValueError:
        return
    assert 0 <= seconds <= LONGEST_DURATION_S
