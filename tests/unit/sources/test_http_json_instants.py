"""Times in each format that a description may name."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobwatchd.description.reading import TimeFormat
from jobwatchd.sources.http_json.values import read_instant

AT = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
SECONDS = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def _read(value: Any, form: str, *, zero_is_absent: bool = True) -> datetime | None:
    return read_instant(value, TimeFormat(form), zero_is_absent=zero_is_absent)


@pytest.mark.parametrize(
    ("value", "form", "at"),
    [
        ("2026-03-04T05:06:07.890123Z", "iso8601", AT),
        ("2026-03-04T05:06:07.890123456+00:00", "iso8601", AT),
        ("2026-03-04T07:06:07.890123+0200", "iso8601", AT),
        ("2026-03-04 05:06:07", "iso8601_utc", SECONDS),
        ("2026-03-04T07:06:07+02:00", "iso8601_utc", SECONDS),
        ("2026-03-04T05:06:07.890123GMT", "iso8601", AT),
        ("2026-03-04 05:06:07 UTC", "iso8601", SECONDS),
        (1772600767, "epoch_s", SECONDS),
        (1772600767.890123, "epoch_s", AT),
        ("1772600767.890123", "epoch_s", AT),
        (1772600767000, "epoch_ms", SECONDS),
        ("1772600767890.123", "epoch_ms", AT),
        (1772600767890123, "epoch_us", AT),
        (1772600767890123456, "epoch_ns", AT),
        ("1772600767890123456", "epoch_ns", AT),
        ("Wed, 04 Mar 2026 05:06:07 GMT", "http", SECONDS),
    ],
)
def test_an_instant_is_read_to_the_microsecond(value: Any, form: str, at: datetime) -> None:
    """Also from digits in text; the result is in UTC."""
    seen = _read(value, form)
    assert seen == at
    assert seen.tzinfo is UTC


@pytest.mark.parametrize("form", list(TimeFormat))
def test_null_and_nothing_are_absent(form: TimeFormat) -> None:
    """In every format."""
    assert _read(None, form) is None
    assert _read("", form, zero_is_absent=False) is None


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (0, "epoch_s"),
        (0.0, "epoch_ms"),
        ("0", "epoch_ns"),
        (-1, "epoch_ms"),
        ("0001-01-01T00:00:00Z", "iso8601"),
        ("0001-01-01T00:00:00", "iso8601"),
        ("0001-01-01T00:00:00+14:00", "iso8601"),
        ("1970-01-01T00:00:00Z", "iso8601"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "http"),
    ],
)
def test_zero_is_absent(value: Any, form: str) -> None:
    """A job that has not begun did not begin in 1970."""
    assert _read(value, form) is None


def test_zero_may_be_an_instant() -> None:
    """Where the description says so."""
    assert _read(0, "epoch_s", zero_is_absent=False) == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("2026-03-04T05:06:07", "iso8601"),
        ("soon", "iso8601"),
        ("soon", "iso8601_utc"),
        (1772600767, "iso8601"),
        ("9999-12-31T23:59:59-14:00", "iso8601"),
        ("2026-03-04T05:06:07Z", "epoch_s"),
        ("nan", "epoch_s"),
        ("Infinity", "epoch_s"),
        (10**30, "epoch_s"),
        ("1e999999", "epoch_s"),
        (True, "epoch_s"),
        ([], "epoch_s"),
        ({}, "iso8601"),
        ("soon", "http"),
        ("2026-03-04T05:06:07Z", "http"),
        ("1" * 10_000, "epoch_s"),
    ],
)
def test_what_is_not_written_in_its_format_is_refused(value: Any, form: str) -> None:
    """A wrong date would be told as a fact."""
    with pytest.raises(ValueError, match=f"it should be a time \\({form}\\)"):
        _read(value, form)


@settings(derandomize=True, deadline=None)
@given(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none()),
    st.sampled_from(list(TimeFormat)),
)
def test_any_value_is_an_instant_absent_or_refused(value: Any, form: TimeFormat) -> None:
    """Nothing else ever comes out."""
    for zero_is_absent in (True, False):
        try:
            at = read_instant(value, form, zero_is_absent=zero_is_absent)
        except ValueError:
            continue
        assert at is None or at.tzinfo is UTC
