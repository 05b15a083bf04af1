"""What a description may not say, and at which key that is told."""

from collections.abc import Callable
from typing import Any

import pytest

LIST = {"request": {"path": "/v1/{space}/jobs"}, "group": ["space"], "items": "jobs", "id": "id"}
LOGIN = {"method": "POST", "path": "/login", "body": {"p": "{password}"}}


@pytest.mark.parametrize(
    ("changes", "key", "sentence"),
    [
        ({"parameters": []}, "parameters", "at least 1"),
        (
            {"parameters": ["space", "job_id", "x"]},
            "parameters.2",
            "x is not used by request; expected {x} in its path",
        ),
        ({"parameters": ["space", "job_id", "space"]}, "parameters.2", "space is there already"),
        ({"parameters": ["a-b"]}, "parameters.0", "cannot be a parameter"),
        ({"parameters": ["page"]}, "parameters.0", "is the name of a placeholder of list.pages"),
        ({"numeric": ["x"]}, "numeric.0", "expected one of space, job_id"),
        ({"request": {"path": "/{space}/{job_id}/{x}"}}, "request.path", "nothing is known of {x}; expected {job_id}"),
        (
            {"request": {"path": "/{space}", "query": {"a": ["{job_id}", "{y}"]}}},
            "request.query.a",
            "nothing is known of {y}",
        ),
        ({"request": {"path": "jobs"}}, "request.path", "begins with '/'"),
        ({"request": {"path": "/a?x=1"}}, "request.path", "has no query"),
        ({"request": {"path": "/a b"}}, "request.path", "percent-encoded"),
        ({"request": {"path": "/a/%2e./b"}}, "request.path", "without the segments"),
        ({"request": {"path": "/a", "body": {"x": 1}}}, "request.body", "a GET has no body; expected `method: POST`"),
        ({"request": {"method": "POST", "path": "/a", "body": {}, "form": {}}}, "request.form", "both body and form"),
        ({"request": {"method": "POST", "path": "/a", "body": "x"}}, "request.body", "a mapping or a list"),
        ({"request": {"path": "/a", "headers": {"Cookie": "x"}}}, "request.headers.Cookie.[key]", "through auth"),
        ({"request": {"path": "/a", "headers": {"X": "a\r\nb"}}}, "request.headers.X", "cannot be sent"),
        ({"request": {"path": "/a", "headers": {"a b": "x"}}}, "request.headers.a b.[key]", "name of an HTTP header"),
        ({"request": {"path": "/a", "headers": {"Host": "x"}}}, "request.headers.Host.[key]", "set by jobwatchd"),
        ({"read": {"state": "a["}}, "read.state", "got 'a['; expected a JMESPath expression: Incomplete"),
        ({"read": {"state": ""}}, "read.state", "expected a JMESPath expression: cannot be empty"),
        ({"read": {"state": "nope(@)"}}, "read.state", "there is no function 'n…' (4 characters)"),
        ({"read": {"state": "join('-')"}}, "read.state", "join() has 1 arguments; expected 2"),
        ({"read": {"state": "!a.b || c"}}, "read.state", "expected brackets: !(job.error)"),
        ({"read": {"state": "x[?!y.z]"}}, "read.state", "expected brackets: !(job.error)"),
        ({"read": {"state": 5}}, "read.state", "as text"),
        ({"states": {}}, "states", "the map is empty"),
        ({"states": {"a": "done"}}, "states.a", "got 'd…' (4 characters); expected one of queued, running"),
        ({"states": {"a": "running", "A": "failed"}, "ignore_case": True}, "states.A", "the same word as a"),
        ({"not_found": {"status": [200]}}, "not_found.status", "200 is a success too"),
        ({"unauthorized": {"status": [401, 200]}}, "unauthorized.status", "200 is a success too"),
        ({"success": {"status": []}}, "success.status", "at least one HTTP status"),
        ({"auth": {"kind": "header", "headers": {"X": "{tokn}"}}}, "auth.headers.X", "nothing is known of {tokn}"),
        (
            {"auth": {"kind": "json-login", "login": LOGIN, "token": "t", "headers": {"X": "{token}"}}},
            "auth.headers.X",
            "nothing is known of {token}; expected {access_token}",
        ),
        (
            {"auth": {"kind": "json-login", "login": LOGIN, "token": "t", "lifetime": 5}},
            "auth.json-login.lifetime",
            "unit",
        ),
        ({"auth": {"kind": "oauth2", "token_url": "//x/y"}}, "auth.oauth2.token_url", "a path below base_url"),
        ({"auth": {"kind": "oauth2", "token_url": "http://u:p@x/y"}}, "auth.oauth2.token_url", "a path below base_url"),
        ({"list": {**LIST, "group": ["spce"]}}, "list.group", "got 'spce'; expected some of space, job_id"),
        ({"list": {**LIST, "group": {"space": "x"}}}, "list.group.space", "space is a job parameter"),
        ({"list": {**LIST, "group": {"a b": "x"}}}, "list.group", "cannot be a placeholder"),
        ({"list": {**LIST, "request": {"path": "/jobs"}}}, "list.group", "space is not used by list.request"),
        ({"list": {**LIST, "group": []}}, "list.request.path", "nothing is known of {space}; expected no placeholder"),
        ({"list": {**LIST, "id": {"job": "id"}}}, "list.id.job", "got 'job'; expected some of space, job_id"),
        ({"list": {**LIST, "id": {"space": "id"}}}, "list.id", "it does not find job_id"),
        ({"list": {**LIST, "pages": {"kind": "number"}}}, "list.request", "expected {page} in its query or body"),
        ({"list": {**LIST, "pages": {"kind": "cursor"}}}, "list.pages.cursor.next", "Field required"),
    ],
)
def test_a_mistake_is_told_at_its_key(mistakes: Callable[..., Any], changes: Any, key: str, sentence: str) -> None:
    """With what was expected instead."""
    told = mistakes(**changes)
    assert [text for at, text in told if at == key and sentence in text], told


def test_several_mistakes_are_told_together(mistakes: Callable[..., Any]) -> None:
    """Also those that only several keys together make."""
    told = mistakes(numeric=["x"], not_found={"status": [200]}, list={**LIST, "group": []})
    assert [at for at, _ in told] == ["numeric.0", "list.request.path", "list.id", "not_found.status"]


def test_a_description_survives_being_written_down(describe: Callable[..., Any]) -> None:
    """What `check-config` shows is a description again, and the same."""
    auth = {"kind": "json-login", "login": LOGIN, "token": "t", "lifetime": "90m"}
    body = {"n": 5, "q": ["{job_id}", {"a": None}], "text": "query($id: ID!) { job(id: $id) { state } }"}
    api = describe(
        auth=auth,
        request={"method": "POST", "path": "/{space}", "query": {"a": ["x", 5, True]}, "body": body},
        read={"state": "s", "queued_at": "t", "finished_at": {"expression": "u", "format": "epoch_ns"}},
        list={**LIST, "pages": {"kind": "link"}},
    )
    written = api.model_dump(mode="json")
    assert type(api).model_validate(written).model_dump(mode="json") == written
    assert written["request"]["query"] == {"a": ["x", "5", "true"]}
    assert written["read"]["queued_at"]["format"] == "iso8601"
