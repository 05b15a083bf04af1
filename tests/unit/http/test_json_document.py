"""JSON that two readers might take differently is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobwatchd.errors import BadPayload
from jobwatchd.http.answer import read_json


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": Infinity}', "not JSON"),
        (b'{"a": "\xff"}', "not JSON"),
        (b'{"a": "\\ud800"}', "not JSON"),
        ('{"a": 1}'.encode("utf-16"), "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[" * 1_000 + b"]" * 1_000 + b"x", "not JSON"),
        (b'{"a": 1, "a": 1}', r"JSON with a key twice in one object \('a'\)"),
        (b'{"x": [{"b": {"a": 1, "\\u0061": 2}}]}', r"JSON with a key twice in one object \('a'\)"),
    ],
)
def test_what_is_no_clear_json_is_a_bad_payload(body: bytes, told: str) -> None:
    """The message says where it came from and how it begins."""
    with pytest.raises(BadPayload, match=rf"^GET x gave an answer that is {told}"):
        read_json("GET x", body)


def test_a_secret_answer_is_not_quoted() -> None:
    """Neither its beginning nor a key of it."""
    for body in (b"s3cret", b'{"s3cret": 1, "s3cret": 2}'):
        with pytest.raises(BadPayload) as caught:
            read_json("POST x", body, quote=False)
        assert "s3cret" not in str(caught.value)


def test_the_same_key_in_two_objects_is_fine() -> None:
    """Lists of jobs are full of that."""
    assert read_json("GET x", b'[{"a": 1}, {"a": {"a": 2}}]') == [{"a": 1}, {"a": {"a": 2}}]


def test_ten_megabytes_are_read() -> None:
    """If the setting `max_body` lets them through."""
    body = b'{"s": "done", "log": "' + b"x" * 10_000_000 + b'"}'
    assert read_json("GET x", body)["s"] == "done"


@settings(derandomize=True, deadline=None)
@given(st.binary() | st.text(alphabet='{}[]":,0123456789.eE-ntrufalse \\').map(str.encode))
def test_any_body_is_json_or_a_bad_payload(body: bytes) -> None:
    """Nothing else ever comes out."""
    try:
        read_json("GET x", body)
    except BadPayload as exc:
        assert len(str(exc)) < 500  # noqa: PT017 - either outcome is fine, but this much holds of the second
