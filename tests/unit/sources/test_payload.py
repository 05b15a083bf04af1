"""What all sources read alike."""

from datetime import UTC, datetime

import pytest

from jobwatchd.errors import BadPayload
from jobwatchd.sources.payload import Payload, digest_of, load_object, read_iso_instant, read_model


class _Thing(Payload):
    size: int


def test_a_digest_is_never_zero() -> None:
    """The empty body hashes to 0 in CPython, which would read as "no digest"."""
    assert hash(b"") == 0
    assert digest_of(b"") != 0


def test_equal_bodies_have_equal_digests() -> None:
    """Two copies of an answer are recognised as one."""
    assert digest_of(bytes([65, 66, 67])) == digest_of(b"ABC") != digest_of(b"ABD")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "not JSON"),
        (b"<html>Bad gateway</html>", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a": 1}{', "not JSON"),
        (b"[{}]", "a JSON array, expected an object"),
        (b'"x"', "a JSON string, expected an object"),
        (b"null", "a JSON null, expected an object"),
        (b"true", "a JSON boolean, expected an object"),
        (b"17", "a JSON number, expected an object"),
    ],
)
def test_what_is_no_json_object_is_a_bad_payload(body: bytes, what: str) -> None:
    """The message says which request it answered and what it is instead."""
    with pytest.raises(BadPayload) as caught:
        load_object("GET http://api/jobs/1", body)
    assert str(caught.value).startswith("GET http://api/jobs/1 gave an answer that is ")
    assert what in str(caught.value)


def test_a_message_names_the_field() -> None:
    """The first field of the wrong type is named, within the part of the answer that was read."""
    with pytest.raises(BadPayload, match=r"wrong in data\.size: it should be a valid integer; it begins '\{\}'"):
        read_model(_Thing, {"size": "2"}, "GET http://api", b"{}", within="data")


def test_a_part_that_is_no_object_is_named() -> None:
    """A number where an object should be is told as that."""
    with pytest.raises(BadPayload, match=r"wrong in data: it should be an object"):
        read_model(_Thing, 7, "GET http://api", b"7", within="data")


def test_an_unquoted_body_stays_out_of_the_message() -> None:
    """Answers that may hold credentials are not shown."""
    with pytest.raises(BadPayload) as caught:
        load_object("POST http://api/connect", b"<token>s3cret</token>", quote=False)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2022-07-12T10:33:35+08:00", datetime(2022, 7, 12, 2, 33, 35, tzinfo=UTC)),
        ("2020-01-21T15:53:12.388317Z", datetime(2020, 1, 21, 15, 53, 12, 388317, tzinfo=UTC)),
        ("2020-01-21T15:53:12.3883179Z", datetime(2020, 1, 21, 15, 53, 12, 388317, tzinfo=UTC)),
    ],
)
def test_an_iso_time_is_read_in_utc(text: str, at: datetime) -> None:
    """Offsets are applied, and fractions finer than microseconds are cut."""
    read = read_iso_instant(text)
    assert read == at
    assert read.tzinfo is UTC


@pytest.mark.parametrize("value", [None, "", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "1969-12-31T23:59:59Z"])
def test_a_time_that_is_not_set_is_unknown(value: object) -> None:
    """A zero time is no instant, or a task would seem to have begun in the year 1."""
    assert read_iso_instant(value) is None


@pytest.mark.parametrize(
    "value",
    ["yesterday", "2022-07-12T10:33:35", "2022-13-01T00:00:00Z", "9999-12-31T23:59:59-08:00", 1657593215000, True, []],
)
def test_what_is_no_iso_time_is_refused(value: object) -> None:
    """Words, times without an offset, times beyond the calendar and other types raise ValueError."""
    with pytest.raises(ValueError, match="ISO-8601 time with an offset"):
        read_iso_instant(value)
