"""A body as it comes in."""

import gzip
import tracemalloc

import pytest

from jobwatchd.errors import BadPayload
from jobwatchd.http.body import Body
from jobwatchd.http.client import HttpOptions

WHERE = "GET http://api.example/jobs failed"


def test_plain_pieces_are_put_together() -> None:
    """What is not compressed comes out as it came in."""
    body = Body(WHERE, HttpOptions(max_body=10), is_gzip=False)
    for piece in (b"abc", b"", b"def"):
        body.feed(piece)
    assert body.finish() == b"abcdef"


def test_compressed_bytes_may_come_one_by_one() -> None:
    """A piece may end anywhere, in the middle of gzip's own header too."""
    body = Body(WHERE, HttpOptions(max_body=10_000), is_gzip=True)
    for byte in gzip.compress(b"abc" * 1000):
        body.feed(bytes([byte]))
    assert body.finish() == b"abc" * 1000


def test_bomb_is_never_held_in_memory() -> None:
    """A piece that would become fifty megabytes is refused for a small part of that."""
    bomb = gzip.compress(bytes(50_000_000))
    body = Body(WHERE, HttpOptions(max_body=100_000), is_gzip=True)
    tracemalloc.start()
    try:
        rest = body.feed(bomb)
        assert body.is_full
        assert body.may_grow
        body.grow()
        with pytest.raises(BadPayload, match=f"{WHERE}: the body is larger than 100000 bytes"):
            body.feed(rest)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_what_follows_the_first_member_is_passed_over() -> None:
    """One gzip member is read, as reqwest does it."""
    body = Body(WHERE, HttpOptions(max_body=100), is_gzip=True)
    body.feed(gzip.compress(b"first") + b"rest")
    body.feed(b"more")
    assert body.finish() == b"first"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_what_there_is_no_room_for_comes_back(encoding: str) -> None:
    """Nothing is lost by growing, not what zlib keeps to itself either."""
    content = bytes(range(256)) * 200
    is_gzip = encoding == "gzip"
    body = Body(WHERE, HttpOptions(), is_gzip=is_gzip)
    rest = body.feed(gzip.compress(content) if is_gzip else content)
    assert body.is_full
    assert body.feed(rest) == rest
    body.grow()
    assert body.feed(rest) == b""
    assert not body.is_full
    assert body.finish() == content
