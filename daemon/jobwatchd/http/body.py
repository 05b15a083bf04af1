"""A response body as it comes in."""

import zlib

from jobwatchd.http.client import HttpOptions

GZIP_FORMAT = 16 + zlib.MAX_WBITS


class Body:
    """Takes a body piece by piece, decompresses it, and holds at most `options.max_body` bytes of it.

    What it refuses, it refuses with the `unreadable` of `options.failures`; `where` begins the sentence.
    zlib is told how much it may put out, so that a few kilobytes cannot become gigabytes in memory. As in reqwest, one
    gzip member is read, and what stands behind it is passed over.
    """

    def __init__(self, where: str, options: HttpOptions, *, is_gzip: bool) -> None:
        self._where = where
        self._max_body = options.max_body
        self._cut = options.cut_body
        self._unreadable = options.failures.unreadable
        self._gunzip = zlib.decompressobj(GZIP_FORMAT) if is_gzip and not self._cut else None
        self._content = bytearray()
        self._began = False

    def feed(self, data: bytes) -> bool:
        """Take a piece; False where no more is wanted. Refuses a body that is too large or not what it says it is."""
        self._began = True
        if self._gunzip is not None:
            if self._gunzip.eof:
                return True
            try:
                data = self._gunzip.decompress(data, self._max_body + 1 - len(self._content))
            except zlib.error as exc:
                raise self._unreadable(f"{self._where}: the body cannot be decompressed ({exc}).") from exc
        self._content += data
        if len(self._content) <= self._max_body:
            return True
        if not self._cut:
            raise self._unreadable(f"{self._where}: the body is larger than {self._max_body} bytes.")
        del self._content[self._max_body :]
        return False

    def finish(self) -> bytes:
        """Return the body; refuses one that ends in the middle of its compression."""
        if self._gunzip is not None and self._began and not self._gunzip.eof:
            raise self._unreadable(f"{self._where}: the body cannot be decompressed (it ends too soon).")
        return bytes(self._content)
