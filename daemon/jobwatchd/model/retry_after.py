"""The Retry-After header: how long a server wants to be left alone."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_S = 366 * 86_400.0


def retry_after_s(value: str | None, now: datetime, date: str | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, None without one or where it cannot be read.

    Both forms of RFC 9110 section 10.2.3 are read: whole seconds, and an HTTP-date in any of its three spellings. That
    is taken relative to the answer's own `date` header, so that it matters for neither side whether its clock is right;
    relative to `now` where there is none. The answer is never negative, and never more than a year, so that it can be
    added to a time.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_S)
    at = _http_date(text)
    if at is None:
        return None
    return min(max(0.0, (at - (_http_date(date or "") or now)).total_seconds()), LONGEST_S)


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # An HTTP-date is UTC even where its spelling has no room to say so.
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
