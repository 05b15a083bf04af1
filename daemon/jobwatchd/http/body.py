"""A response body as it comes in."""

import zlib

from jobwatchd.errors import JobwatchError
from jobwatchd.http.client import HttpOptions

GZIP_FORMAT = 16 + zlib.MAX_WBITS
# What is read of every body without asking whether there is room: nearly all are smaller.
FIRST_PIECE = 16_384


class Body:
    """Takes a body piece by piece, decompresses it, and holds at most `options.max_body` bytes of it.

    At first there is room for a small one only, until it may grow. What it refuses, it refuses with the
    `unreadable` of `options.failures`; `where` begins the sentence. zlib is told how much it may put out, so that a few
    kilobytes cannot become gigabytes in memory. As in reqwest, one gzip member is read, and what stands behind it is
    passed over.
    """

    def __init__(self, where: str, options: HttpOptions, *, is_gzip: bool) -> None:
        self._where = where
        self._max_body = options.max_body
        self._cut = options.cut_body
        self._unreadable = options.failures.unreadable
        self._gunzip = zlib.decompressobj(GZIP_FORMAT) if is_gzip and not self._cut else None
        self._content = bytearray()
        self._began = False
        # One byte more tells a body that is too large from one that is just as large as allowed.
        self._most = options.max_body + 1
        self._room = min(FIRST_PIECE, self._most)

    @property
    def is_gzip(self) -> bool:
        """Whether it is decompressed."""
        return self._gunzip is not None

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another byte."""
        return len(self._content) >= self._room

    @property
    def may_grow(self) -> bool:
        """Whether it has had room for a small one only."""
        return self._room < self._most

    def grow(self) -> None:
        """Have room for all that may come."""
        self._room = self._most

    def feed(self, data: bytes) -> bytes:
        """Take a piece, and return what there was no room for; refuses what is too large or not what it says it is."""
        self._began = True
        space = self._room - len(self._content)
        if space <= 0:
            return data
        if self._gunzip is None:
            data, rest = data[:space], data[space:]
        elif self._gunzip.eof:
            return b""
        else:
            try:
                data = self._gunzip.decompress(data, space)
            except zlib.error as exc:
                raise self._unreadable(f"{self._where}: the body cannot be decompressed ({exc}).") from exc
            rest = self._gunzip.unconsumed_tail
        self._content += data
        if len(self._content) > self._max_body and not self._cut:
            raise self.too_large()
        return rest

    def too_large(self) -> JobwatchError:
        """Return what is raised for a body that is larger than allowed."""
        return self._unreadable(f"{self._where}: the body is larger than {self._max_body} bytes.")

    def finish(self) -> bytes:
        """Return the body; refuses one that ends in the middle of its compression."""
        if self._gunzip is not None and self._began and not self._gunzip.eof:
            raise self._unreadable(f"{self._where}: the body cannot be decompressed (it ends too soon).")
        del self._content[self._max_body :]
        return bytes(self._content)
