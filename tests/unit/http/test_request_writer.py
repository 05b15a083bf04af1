"""No parameter of a job gets out of the place where it stands in a request."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jobwatchd.description.request import Request
from jobwatchd.errors import SourceRejected
from jobwatchd.http.request import HttpRequest, RequestWriter
from jobwatchd.model.job import JobReference

steady = settings(derandomize=True, deadline=None)
nasty = st.sampled_from(
    [
        "../..",
        "a/b",
        "?x=1",
        "#",
        "a&b=c",
        '","x":"',
        "}",
        "{space}",
        "%2f",
        "%",
        "a\\",
        "ü",
        "ﬁ",
        "{{x}}",
        "a;b",
        "..;",
    ]
)
parameters = (st.text(min_size=1, max_size=20) | nasty).filter(
    lambda text: text.isprintable() and text not in {".", ".."}
)


def _write(request: dict[str, Any], *values: str, numeric: tuple[str, ...] = ()) -> HttpRequest:
    """Write a request for the parameters a, b, … as a source does."""
    segments = dict(zip("abc", JobReference.of("s", values).job.split("/"), strict=False))
    return RequestWriter("http://api:1/base", Request.model_validate(request), numeric).write(segments)


@steady
@given(parameters, parameters)
def test_a_path_keeps_its_segments(one: str, two: str) -> None:
    """Each value is one segment, whatever is in it, and the query stays what it was."""
    call = _write({"path": "/x/{a}/y:{b}/z", "query": {"k": "v w"}}, one, two)
    parts = urlsplit(call.url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("http", "api:1", "k=v%20w", "")
    segments = [JobReference("s", segment).values[0] for segment in parts.path.split("/")]
    assert segments == ["", "base", "x", one, f"y:{two}", "z"]
    assert call.url.isascii()


@steady
@given(parameters, parameters)
def test_a_query_keeps_its_keys(one: str, two: str) -> None:
    """A value cannot begin another pair, end the query, or change what stands around it."""
    call = _write({"path": "/x", "query": {"q": "id={a}&", "r": ["{b}", "c"]}}, one, two)
    parts = urlsplit(call.url)
    assert (parts.path, parts.fragment) == ("/base/x", "")
    pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    assert pairs == [("q", f"id={one}&"), ("r", two), ("r", "c")]


@steady
@given(parameters, parameters)
def test_a_form_keeps_its_keys(one: str, two: str) -> None:
    """As a query does."""
    call = _write({"method": "POST", "path": "/x", "form": {"q": "{a}", "r": "={b}"}}, one, two)
    pairs = parse_qsl((call.body or b"").decode(), keep_blank_values=True, strict_parsing=True)
    assert pairs == [("q", one), ("r", f"={two}")]
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"


@steady
@given(parameters, parameters)
def test_a_body_keeps_its_shape(one: str, two: str) -> None:
    """A value is a text, or a part of one; keys and braces of the template are what they were."""
    body = {"q": "query($id: ID!) { job(id: $id) { state } }", "v": {"{a}": "{a}", "t": ["x{a}{b}y", 5, None]}}
    call = _write({"method": "POST", "path": "/x", "body": body}, one, two)
    assert json.loads(call.body or b"") == {
        "q": "query($id: ID!) { job(id: $id) { state } }",
        "v": {"{a}": one, "t": [f"x{one}{two}y", 5, None]},
    }


@steady
@given(parameters)
def test_a_header_carries_a_value_whole_or_not_at_all(one: str) -> None:
    """What a header cannot carry is not sent."""
    request = {"path": "/x", "headers": {"X-Job": "id {a}"}}
    if one.isascii() and one == one.rstrip():
        assert _write(request, one).headers == {"X-Job": f"id {one}", "Accept": "application/json"}
    else:
        with pytest.raises(SourceRejected, match="cannot stand in an HTTP header"):
            _write(request, one)


@steady
@given(parameters)
def test_a_line_break_never_reaches_a_header(one: str) -> None:
    """Not even from a reference that nobody has checked."""
    assume(one.isascii())
    writer = RequestWriter("http://a", Request.model_validate({"path": "/x", "headers": {"X": "{a}"}}))
    for ending in ("%0d%0aX-Evil: 1", "%0A", "%00", "%C3%BC"):
        with pytest.raises(SourceRejected):
            writer.write({"a": JobReference.of("s", [one]).job + ending})


def test_a_numeric_parameter_is_a_number_in_json() -> None:
    """Where it is the whole value; inside of a text it is text."""
    request = {"method": "POST", "path": "/x", "body": {"id": "{a}", "t": "job {a}"}}
    assert json.loads(_write(request, "17", numeric=("a",)).body or b"") == {"id": 17, "t": "job 17"}
    assert json.loads(_write(request, "17").body or b"") == {"id": "17", "t": "job 17"}


@pytest.mark.parametrize("value", ["x", "1e5", "9" * 30, "9" * 500])
def test_a_number_that_is_none_is_rejected_unsent(value: str) -> None:
    """JSON has a place for it, the API has not."""
    with pytest.raises(SourceRejected, match=r"^POST http://api:1/base/x cannot be sent"):
        _write({"method": "POST", "path": "/x", "body": {"id": "{a}"}}, value, numeric=("a",))


def test_the_users_own_accept_is_kept() -> None:
    """In whichever case it is written."""
    call = _write(
        {"method": "POST", "path": "/x", "headers": {"accept": "a/b", "content-type": "c/d"}, "body": []}, "1"
    )
    assert call.headers == {"accept": "a/b", "content-type": "c/d"}
