"""What an HTTP status other than 200 means for a poll."""

import re
from datetime import datetime
from http import HTTPStatus

from jobwatchd.errors import (
    BadPayload,
    SourceError,
    SourceRateLimited,
    SourceRejected,
    SourceUnauthorized,
    SourceUnavailable,
)
from jobwatchd.http.excerpt import MAX_EXCERPT, excerpt
from jobwatchd.model.retry_after import retry_after_s
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
