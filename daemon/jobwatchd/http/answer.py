"""What an answer means: the error that its status is, its JSON, and what messages quote of it."""

import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import orjson

from jobwatchd.errors import (
    BadPayload,
    SourceError,
    SourceRateLimited,
    SourceRejected,
    SourceUnauthorized,
    SourceUnavailable,
)
from jobwatchd.ports import Answer
from jobwatchd.redaction import SECRETS

OK = 200
"""The one status that can bring a job; a plain number, since every poll compares with it."""

_USER_INFO = re.compile(r"//[^/]*@")
REFUSED = frozenset({401, 403})
_TRY_LATER = frozenset({408, 425})


def bare_url(url: str) -> str:
    """Return a URL fit for a message: without query, fragment and credentials, and not endlessly long."""
    bare = _USER_INFO.sub("//", re.split("[?#]", url, maxsplit=1)[0], count=1)
    # Made for every answer that is read, and seldom told: a search for whatever looks like credentials is left to
    # the error that tells it.
    return SECRETS.redact(bare) if len(bare) <= MAX_EXCERPT and bare.isprintable() else excerpt(bare)


def status_error(where: str, answer: Answer, now: datetime, *, quote: bool = True) -> SourceError:
    """Return the error that an answer with a status other than 200 is; `where` is method and URL.

    3xx and 4xx: `SourceRejected`, save 401 and 403 (`SourceUnauthorized`), 429 (`SourceRateLimited`), 408 and 425
    (`SourceUnavailable`); 5xx: `SourceUnavailable`; other 1xx and 2xx: `BadPayload`, since they bring no whole job.
    The message quotes the beginning of the body, but not with `quote` False and not where credentials were refused:
    servers like to repeat what they refuse.
    """
    status = answer.status
    says = f"{where} answered HTTP {_titled(status)}"
    if status in range(300, 400):
        target = answer.header("Location")
        pointing = f" and points to {bare_url(target)}" if target else ""
        return SourceRejected(f"{says}{pointing}; redirects are not followed, expected 200")
    if status not in range(400, 600):
        return BadPayload(f"{says}; expected 200")
    if quote and answer.body and status not in REFUSED:
        says = f"{says}: {excerpt(answer.body)}"
    return error_of_class(status, says, retry_after_s(answer.header("Retry-After"), now))


def error_of_class(status: int, says: str, retry_after: float | None) -> SourceError:
    """Return the error that a 4xx or 5xx status stands for; `retry_after` in seconds."""
    if status in REFUSED:
        return SourceUnauthorized(f"{says}: the credentials were refused")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SourceRateLimited(says, retry_after)
    if status in range(400, 500) and status not in _TRY_LATER:
        return SourceRejected(says)
    return SourceUnavailable(says, retry_after)


def _titled(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


MAX_EXCERPT = 120
# So many characters, since a page may begin with a lot of blanks.
READ_FOR_EXCERPT = 4_096
MAX_TEXT = 512


def unreadable(where: str, what: str, body: bytes, *, quote: bool = True) -> BadPayload:
    """Return the error for an answer that came and is `what` it should not be."""
    begins = f"; it begins {excerpt(body)!r}" if quote and body else ""
    return BadPayload(f"{where} gave an answer that is {what}{begins}")


def excerpt(body: bytes | str) -> str:
    """Return the beginning of an answer, at most 120 characters, fit for one line of a message."""
    text = body if isinstance(body, str) else body[: 4 * READ_FOR_EXCERPT + 4].decode(errors="replace")
    # Before anything is cut or folded: a part of a secret would not be found any more.
    text = clean(" ".join(SECRETS.redact_beginning(text, READ_FOR_EXCERPT).split()))
    return text if len(text) <= MAX_EXCERPT else f"{text[: MAX_EXCERPT - 1]}…"


def clean(text: str) -> str:
    """Return `text` cut to 512 characters, without control characters (no database and no terminal wants a NUL)."""
    if len(text) > MAX_TEXT:
        text = SECRETS.redact_beginning(text, MAX_TEXT)[:MAX_TEXT]
    return (
        text
        if text.isprintable()
        else "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    )


class _TwiceError(ValueError):
    """An object has a key twice."""


def read_json(where: str, body: bytes, *, quote: bool = True) -> Any:
    """Return the JSON value that `body` is.

    Raises `BadPayload` for what is not JSON: NaN, invalid UTF-8, nested too deep; and for an object that has a key
    twice, of which some readers take the first and some the last. Without `quote` the message shows nothing of it.
    """
    # What this makes is gone before the value is made: either may be thirty times as large as the body.
    misfit = _find_misfit(body)
    try:
        value = orjson.loads(body)
    except ValueError as exc:
        raise unreadable(where, f"not JSON ({exc})", body, quote=quote) from None
    if isinstance(misfit, _TwiceError):
        key = f" ({misfit})" if quote else ""
        raise unreadable(where, f"JSON with a key twice in one object{key}", body, quote=quote)
    if misfit is not None:
        raise unreadable(where, "JSON with numbers too long or nesting too deep", body, quote=quote)
    return value


def number_of(value: Any) -> float | None:
    """Return a number, also one in text; None for others."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _find_misfit(body: bytes) -> Exception | None:
    """Return what is wrong with JSON that another reader takes."""
    try:
        json.loads(body, object_pairs_hook=_refuse_twice)
    except (ValueError, RecursionError) as exc:
        return exc.with_traceback(None)
    return None


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len({key for key, _ in pairs}) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _TwiceError(repr(key[:40]))
            seen.add(key)


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
