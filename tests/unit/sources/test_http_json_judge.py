"""What an answer means, by its status and by what is in it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from jobwatchd.description import Description
from jobwatchd.errors import (
    BadPayload,
    JobNotFound,
    SourceError,
    SourceRejected,
    SourceUnauthorized,
    SourceUnavailable,
)
from jobwatchd.http.authentication.contract import CredentialsRefused
from jobwatchd.sources.http_json.judge import Judge

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ENVELOPE = {
    "success": {"when": "code == `0`", "error": "message"},
    "not_found": {"status": [200, 404], "when": "code == `404`"},
    "unauthorized": {"status": [200, 401], "when": "code == `401`"},
    "unavailable": {"when": "code >= `500`"},
}
GRAPHQL = {
    "success": {"when": "!errors", "error": "errors[].message"},
    "not_found": {"status": [200], "when": "!errors && !(data.job)"},
}
MakeAnswer = Callable[..., Any]


@pytest.fixture
def judged(answer: MakeAnswer) -> Callable[..., Any]:
    """Return what judges an answer by a description that differs in some keys."""

    def judge(changes: Any, status: int, body: Any, **headers: str) -> Any:
        api = Description.model_validate(
            {
                "parameters": ["job_id"],
                "request": {"path": "/{job_id}"},
                "read": {"state": "s"},
                "states": {"a": "running"},
                **changes,
            }
        )
        return Judge(api).judge("GET x", answer(status, body, **headers), NOW)

    return judge


@pytest.mark.parametrize(
    ("changes", "given", "kind", "told"),
    [
        ({}, (404, b"<html>"), JobNotFound, "there is no such job"),
        ({}, (401, b"<html>"), CredentialsRefused, "were refused"),
        ({}, (202, {"s": "a"}), BadPayload, "expected 200"),
        ({}, (200, b"<html>"), BadPayload, "not JSON"),
        ({"not_found": {"status": [410]}}, (404, {}), SourceRejected, "404"),
        (ENVELOPE, (200, {"code": 404}), JobNotFound, "no such job"),
        (ENVELOPE, (404, {"code": 404}), JobNotFound, "no such job"),
        (ENVELOPE, (404, b"<h1>default backend - 404</h1>"), SourceRejected, "404 Not Found"),
        (ENVELOPE, (404, {"error": "no route"}), SourceRejected, "404 Not Found"),
        (ENVELOPE, (401, b"<html>"), SourceUnauthorized, "401 Unauthorized"),
        (ENVELOPE, (200, {"code": 401}), CredentialsRefused, "were refused"),
        (ENVELOPE, (200, {"code": 503, "message": "starting"}), SourceUnavailable, "is out of order: starting"),
        (ENVELOPE, (200, {"code": 7, "message": "bad id"}), SourceRejected, "and no success: bad id"),
        (ENVELOPE, (200, {"code": 7}), SourceRejected, r'no success: \{"code": ?7\}'),
        (ENVELOPE, (200, {}), SourceRejected, "no success"),
        (ENVELOPE, (500, {"code": 404}), SourceUnavailable, "500"),
        (GRAPHQL, (200, {"data": {"job": None}}), JobNotFound, "no such job"),
        (GRAPHQL, (500, {"data": {"job": None}}), SourceUnavailable, "500"),
        (GRAPHQL, (200, {"data": {"job": None}, "errors": [{"message": "late"}]}), SourceRejected, r'\["late"\]'),
        ({"success": {"when": "starts_with(s, 'a')"}}, (200, {"s": 5}), BadPayload, r"success\.when \(starts_with\(s"),
        ({"not_found": {"status": [200, 404], "when": "length(s) == `0`"}}, (200, {}), BadPayload, r"not_found\.when"),
        ({"not_found": {"status": [200, 404], "when": "length(s) == `0`"}}, (404, {}), SourceRejected, "404"),
    ],
)
def test_an_answer_that_brings_no_job_is_told_as_what_it_is(
    judged: Any, changes: Any, given: Any, kind: type[SourceError], told: str
) -> None:
    """A status that is no answer of the API's own is no word about the job."""
    with pytest.raises(kind, match=told) as caught:
        judged(changes, *given)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("changes", "status", "body"),
    [
        ({}, 200, {"s": "a"}),
        ({"success": {"status": [200, 202]}}, 202, {"s": "a"}),
        (ENVELOPE, 200, {"code": 0}),
        (GRAPHQL, 200, {"data": {"job": {"s": 1}}, "errors": []}),
    ],
)
def test_a_success_is_handed_on(judged: Any, changes: Any, status: int, body: Any) -> None:
    """As it came."""
    assert judged(changes, status, body) == body


def test_an_api_out_of_order_may_ask_for_patience(judged: Any) -> None:
    """Also under HTTP 200."""
    with pytest.raises(SourceUnavailable) as caught:
        judged(ENVELOPE, 200, {"code": 503}, Retry_After="7")
    assert caught.value.retry_after_s == 7.0
