"""The Retry-After header, which comes in two forms."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

SECONDS = re.compile(r"[+-]?[0-9]+")


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Return how many seconds from `now` a server wants to be left alone; None where it says nothing we understand.

    Reads seconds and HTTP dates (RFC 9110, section 10.2.3). What lies in the past is 0. The result may be huge, even
    infinite: the caller decides how much of it to obey.
    """
    if value is None:
        return None
    text = value.strip()
    if SECONDS.fullmatch(text):
        return max(0.0, float(text))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        # The forms that end without a zone are in UTC as well (RFC 9110, section 5.6.7).
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())
