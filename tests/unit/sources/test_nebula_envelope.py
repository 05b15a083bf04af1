"""NebulaGraph Explorer's envelopes: the code decides, whatever the HTTP status says."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from jobwatchd.errors import (
    BadPayload,
    JobNotFound,
    SourceError,
    SourceRateLimited,
    SourceRejected,
    SourceUnauthorized,
    SourceUnavailable,
)
from jobwatchd.http.authentication.contract import CredentialsRefused
from jobwatchd.sources.nebula_explorer.payload import CODE_NAMES, read_envelope

MakeAnswer = Callable[..., Any]
WHERE = "GET http://api/api-open/v1/jobs/1"

LISTED = {
    40004000: SourceRejected,
    40004001: SourceRejected,
    40104000: CredentialsRefused,
    40104001: CredentialsRefused,
    40304000: SourceUnauthorized,
    40404000: JobNotFound,
    50004000: SourceUnavailable,
    50004001: SourceUnavailable,
    50004002: SourceUnavailable,
    50004003: SourceUnavailable,
    90004000: SourceUnavailable,
}


def test_every_documented_code_is_tested() -> None:
    """The table below is the vendor's."""
    assert set(LISTED) == set(CODE_NAMES)


@pytest.mark.parametrize("status", [200, 400, 404, 500, 302])
@pytest.mark.parametrize(("code", "kind"), LISTED.items())
def test_a_documented_code_decides_under_any_status(
    code: int, kind: type[SourceError], status: int, answer: MakeAnswer, now: datetime
) -> None:
    """The same code is the same error under HTTP 200 and under any other status."""
    with pytest.raises(kind) as caught:
        read_envelope(WHERE, answer(status, {"code": code, "message": "m", "data": {"id": 1, "status": 2}}), now)
    assert type(caught.value) is kind
    assert f"{WHERE} answered code {code} ({CODE_NAMES[code]})" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40004999, SourceRejected),
        (40104002, CredentialsRefused),
        (40404001, JobNotFound),
        (40904000, SourceRejected),
        (42904000, SourceRateLimited),
        (50304000, SourceUnavailable),
        (20004000, SourceUnavailable),
        (404, SourceUnavailable),
        (1, SourceUnavailable),
        (-1, SourceUnavailable),
    ],
)
def test_an_unlisted_code_is_told_by_its_first_three_digits(
    code: int, kind: type[SourceError], answer: MakeAnswer, now: datetime
) -> None:
    """Codes of other lengths have no class, so a bare 404 is no word about a job."""
    with pytest.raises(kind, match=r"\(unlisted\)") as caught:
        read_envelope(WHERE, answer(200, {"code": code, "message": "m", "data": None}), now)
    assert type(caught.value) is kind


def test_the_message_of_an_error_is_quoted(answer: MakeAnswer, now: datetime) -> None:
    """What the server says helps whoever reads the log."""
    with pytest.raises(SourceUnavailable, match=r"\(ErrInternalDatabase\): disk full"):
        read_envelope(WHERE, answer(200, {"code": 50004001, "message": "disk full"}), now)


@pytest.mark.parametrize("code", [40104000, 40104001, 40304000])
def test_the_message_of_a_refusal_is_not_quoted(code: int, answer: MakeAnswer, now: datetime) -> None:
    """Servers like to repeat the token that they refuse."""
    with pytest.raises(SourceUnauthorized) as caught:
        read_envelope(WHERE, answer(200, {"code": code, "message": "token s3cret is expired"}), now)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("message", [None, 17, ["m"], {"m": 1}])
def test_a_message_of_another_type_does_no_harm(message: object, answer: MakeAnswer, now: datetime) -> None:
    """The code is enough."""
    with pytest.raises(SourceUnavailable):
        read_envelope(WHERE, answer(200, {"code": 50004000, "message": message}), now)


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"code": None}, {"code": "0"}, {"code": False}, {"code": 0.0}])
def test_without_a_number_as_code_it_is_no_envelope(body: object, answer: MakeAnswer, now: datetime) -> None:
    """Under HTTP 200 such an answer cannot be read, even where it would pass for 0."""
    with pytest.raises(BadPayload, match="wrong in code"):
        read_envelope(WHERE, answer(200, body), now)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, SourceRejected),
        (400, SourceRejected),
        (401, CredentialsRefused),
        (403, SourceUnauthorized),
        (404, SourceUnavailable),
        (429, SourceRateLimited),
        (500, SourceUnavailable),
        (502, SourceUnavailable),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<h1>Not here</h1>", b'{"code": 0, "data": {"id": 1}}', b'{"code": "x"}', b"[]"]
)
def test_without_the_apis_word_the_status_decides(
    status: int, body: bytes, kind: type[SourceError], answer: MakeAnswer, now: datetime
) -> None:
    """A proxy's page, or a success contradicted by its own status; above all a 404 is then not about the job."""
    with pytest.raises(kind) as caught:
        read_envelope(WHERE, answer(status, body), now)
    assert type(caught.value) is kind


def test_retry_after_beside_a_code_is_passed_on(answer: MakeAnswer, now: datetime) -> None:
    """The header counts under an envelope too."""
    with pytest.raises(SourceUnavailable) as caught:
        read_envelope(WHERE, answer(503, {"code": 50004000, "message": "m"}, Retry_After="7"), now)
    assert caught.value.retry_after_s == 7.0


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"s3cret"), (200, {"code": "s3cret"}), (400, b"s3cret"), (200, {"code": 50004000, "message": "s3cret"})],
)
def test_unquoted_answers_stay_out_of_messages(status: int, body: object, answer: MakeAnswer, now: datetime) -> None:
    """Answers to a login are never shown."""
    with pytest.raises(SourceError) as caught:
        read_envelope(WHERE, answer(status, body), now, quote=False)
    assert "s3cret" not in str(caught.value)
