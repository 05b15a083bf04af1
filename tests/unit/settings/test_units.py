"""Durations, sizes, rates and counts."""

from collections.abc import Callable

import pytest

from jobwatchd.values.units import (
    format_duration,
    format_rate,
    format_size,
    parse_count,
    parse_duration,
    parse_positive_duration,
    parse_rate,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("5s", 5.0), ("10m", 600.0), ("24h", 86_400.0), ("7d", 604_800.0), ("1.5h", 5_400.0), (0, 0.0)],
)
def test_durations_have_units(text: object, seconds: float) -> None:
    """A duration is a number and its unit, or a plain zero."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("value", [5, 5.0, True, False, None, "5", "5 weeks", "-5s", "", "s", [], "1h30m", "٣s"])
def test_other_durations_are_refused(value: object) -> None:
    """A number without a unit could be anything, so it is none."""
    with pytest.raises(ValueError, match=r"number and a unit|with its unit"):
        parse_duration(value)


def test_zero_is_not_a_positive_duration() -> None:
    """Where zero makes no sense it is refused."""
    with pytest.raises(ValueError, match="above zero"):
        parse_positive_duration("0s")


@pytest.mark.parametrize("text", ["0s", "250ms", "1500ms", "5s", "90s", "10m", "36h", "7d", "1m"])
def test_durations_are_written_as_they_are_read(text: str) -> None:
    """What is shown means what was read."""
    assert parse_duration(format_duration(parse_duration(text))) == parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"), [("1B", 1), ("64KiB", 65_536), ("1MiB", 1_048_576), ("2 GiB", 2**31), ("5MB", 5_000_000)]
)
def test_sizes_have_units(text: str, size: int) -> None:
    """A size is a whole number and its unit, and written so that it is read as the same."""
    assert parse_size(text) == size == parse_size(format_size(size))


@pytest.mark.parametrize("value", [1024, "1024", "0MiB", "-1B", "1mb", None, "1.5MiB"])
def test_other_sizes_are_refused(value: object) -> None:
    """Sizes without a unit, and empty ones, are refused."""
    with pytest.raises(ValueError, match="size with its unit"):
        parse_size(value)


@pytest.mark.parametrize(("text", "rate"), [("50/s", 50.0), ("300/m", 5.0), ("1/h", 1 / 3_600), ("0.5/s", 0.5)])
def test_rates_are_kept_per_second(text: str, rate: float) -> None:
    """A rate counts requests a second, whatever it was written in, and is shown as something that is read as it."""
    assert parse_rate(text) == rate
    assert parse_rate(format_rate(rate)) == rate


@pytest.mark.parametrize(
    ("parse", "value", "meant"),
    [
        (parse_size, "10mb", "10MiB"),
        (parse_size, "1M", "1MiB"),
        (parse_size, 1024, "1024B"),
        (parse_rate, 50, "50/s"),
        (parse_rate, "50 rpm", "50/m"),
        (parse_rate, "50/sec", "50/s"),
        (parse_rate, "10 per hour", "10/h"),
    ],
)
def test_what_was_meant_is_suggested(parse: Callable[[object], object], value: object, meant: str) -> None:
    """Who writes a size or a rate in another way is told how to write this one."""
    with pytest.raises(ValueError, match=f"write {meant}"):
        parse(value)


def test_null_is_no_limit() -> None:
    """A rate can be switched off."""
    assert parse_rate(None) is None
    assert format_rate(None) is None


@pytest.mark.parametrize("value", [50, "50", "0/s", "-1/s", "50/d", "many/s"])
def test_other_rates_are_refused(value: object) -> None:
    """A number alone is no rate."""
    with pytest.raises(ValueError, match="expected a rate"):
        parse_rate(value)


@pytest.mark.parametrize("value", [True, 0, -1, 1.5, "x", None, "0"])
def test_counts_begin_at_one(value: object) -> None:
    """A count is a whole number above zero; true is none."""
    with pytest.raises(ValueError, match="whole number of at least 1"):
        parse_count(value)


def test_counts_may_come_as_text() -> None:
    """The environment has only text."""
    assert parse_count("12") == 12
