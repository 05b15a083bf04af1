"""What HTTP statuses mean."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from jobwatchd.errors import (
    BadPayload,
    SourceError,
    SourceRateLimited,
    SourceRejected,
    SourceUnauthorized,
    SourceUnavailable,
)
from jobwatchd.http.answer import bare_url, status_error

MakeAnswer = Callable[..., Any]
WHERE = "GET http://api/jobs/1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (100, BadPayload),
        (201, BadPayload),
        (204, BadPayload),
        (206, BadPayload),
        (301, SourceRejected),
        (304, SourceRejected),
        (400, SourceRejected),
        (401, SourceUnauthorized),
        (403, SourceUnauthorized),
        (404, SourceRejected),
        (408, SourceUnavailable),
        (410, SourceRejected),
        (418, SourceRejected),
        (425, SourceUnavailable),
        (429, SourceRateLimited),
        (499, SourceRejected),
        (500, SourceUnavailable),
        (503, SourceUnavailable),
        (599, SourceUnavailable),
        (999, BadPayload),
    ],
)
def test_every_status_has_its_error(status: int, kind: type[SourceError], answer: MakeAnswer, now: datetime) -> None:
    """Each status is exactly one kind of error, whose message names it."""
    error = status_error(WHERE, answer(status, b"oh no"), now)
    assert type(error) is kind
    assert str(error).startswith(f"{WHERE} answered HTTP {status}")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120.0), ("Fri, 15 Jul 2022 09:09:20 GMT", 60.0), ("soon", None)]
)
def test_retry_after_is_passed_on(
    status: int, value: str, seconds: float | None, answer: MakeAnswer, now: datetime
) -> None:
    """Both forms of the header reach the error; one that cannot be read is none."""
    error = status_error(WHERE, answer(status, Retry_After=value), now)
    assert isinstance(error, SourceRateLimited | SourceUnavailable)
    assert error.retry_after_s == seconds


def test_a_redirect_says_where_it_pointed_without_its_query(answer: MakeAnswer, now: datetime) -> None:
    """A login page is recognised in the message, and what its address carries is not repeated."""
    error = status_error(WHERE, answer(302, Location="https://u:pw@sso.example/login?token=s3cret#x"), now)
    assert "points to https://sso.example/login;" in str(error)
    assert "redirects are not followed" in str(error)
    assert "s3cret" not in str(error)
    assert "pw" not in str(error)


def test_a_redirect_to_nowhere_is_told(answer: MakeAnswer, now: datetime) -> None:
    """A redirect without Location has a message as well."""
    assert "HTTP 302 Found; redirects are not followed" in str(status_error(WHERE, answer(302), now))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_not_quoted(status: int, answer: MakeAnswer, now: datetime) -> None:
    """Servers like to repeat the credentials that they refuse."""
    assert "s3cret" not in str(status_error(WHERE, answer(status, b"bad key: s3cret"), now))


def test_other_errors_are_quoted_briefly(answer: MakeAnswer, now: datetime) -> None:
    """The beginning of the body explains the error, unless quoting is off."""
    said = answer(400, b"no such space " * 1_000)
    assert "no such space" in str(status_error(WHERE, said, now))
    assert len(str(status_error(WHERE, said, now))) < 250
    assert "no such space" not in str(status_error(WHERE, said, now, quote=False))


def test_an_address_in_a_message_has_no_query_and_no_credentials() -> None:
    """User, password, query and fragment are left out; an at sign in the path stays."""
    assert bare_url("https://user:p@ss@host:1/a@b?c=d#e") == "https://host:1/a@b"
    assert bare_url("/relative?x") == "/relative"
    assert len(bare_url("http://host/" + "a" * 5_000)) == 120
