"""Single values of an answer: words for states, texts, times in each of the formats that a description may name."""

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from jobwatchd.description.reading import TimeFormat
from jobwatchd.http.answer import clean
from jobwatchd.sources.payload import EPOCH


def word_of(value: Any) -> str | None:
    """Return a text, number, true, false or null as JSON writes it, a text without its quotes; None for others.

    A number without a fraction is written without one: 2.0 is `2`.
    """
    match value:
        case str():
            return value
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if math.isfinite(value) and value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
        case _:
            return None


def id_of(value: Any) -> str | None:
    """Return what can be a name: a text that is not empty, or a whole number; None for others."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def text_of(value: Any) -> str | None:
    """Return a text for people: lists and mappings as JSON, None for nothing."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, list | dict):
        try:
            return clean(orjson.dumps(value).decode())
        except TypeError:
            return None
    word = word_of(value)
    return None if word is None else clean(word)


_PER_SECOND = {
    TimeFormat.EPOCH_S: 1,
    TimeFormat.EPOCH_MS: 10**3,
    TimeFormat.EPOCH_US: 10**6,
    TimeFormat.EPOCH_NS: 10**9,
}
_ZONES = ("GMT", "UTC")
_LONGEST = 64
_NUMBER = re.compile(r"-?\d{1,24}(?:\.\d{1,24})?", re.ASCII)


def read_instant(value: Any, form: TimeFormat, *, zero_is_absent: bool) -> datetime | None:
    """Return an instant in UTC, None for an absent one; raises ValueError for what is not written in that format."""
    if value is None or value == "":
        return None
    at = _read_epoch(value, _PER_SECOND[form]) if form in _PER_SECOND else _read_text(value, form)
    if at is None:
        raise ValueError(f"it should be a time ({form})")
    if zero_is_absent and (at.replace(tzinfo=UTC) if at.tzinfo is None else at) <= EPOCH:
        return None
    try:
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"it should be a time ({form}), and lies before the year 1 or beyond 9999") from None


def _read_epoch(value: Any, per_second: int) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        # Decimal, since a float does not hold the microseconds of 10¹⁸ nanoseconds.
        micros = int(Decimal(str(value)) * 1_000_000 / per_second)
        return EPOCH + timedelta(microseconds=micros)
    except (ArithmeticError, ValueError):
        return None


def _read_text(value: Any, form: TimeFormat) -> datetime | None:
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    try:
        if form is TimeFormat.HTTP:
            at = parsedate_to_datetime(value)
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at
        text = f"{value[:-3].rstrip()}Z" if value.endswith(_ZONES) else value
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    if at.tzinfo is not None or at.year < EPOCH.year:
        # "Never" is often written without an offset: 0001-01-01T00:00:00.
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return at.replace(tzinfo=UTC) if form is TimeFormat.ISO8601_UTC else None
