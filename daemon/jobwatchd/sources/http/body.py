"""A response body as it comes in."""

import zlib

from jobwatchd.errors import BadPayload

GZIP_FORMAT = 16 + zlib.MAX_WBITS


class Body:
    """Takes a body piece by piece, decompresses it, and holds at most `max_body` bytes of it.

    zlib is told how much it may put out, so that a few kilobytes cannot become gigabytes in memory. As in reqwest, one
    gzip member is read, and what stands behind it is passed over.
    """

    def __init__(self, where: str, max_body: int, *, is_gzip: bool) -> None:
        self._where = where
        self._max_body = max_body
        self._gunzip = zlib.decompressobj(GZIP_FORMAT) if is_gzip else None
        self._content = bytearray()
        self._began = False

    def feed(self, data: bytes) -> None:
        """Take a piece; raises `BadPayload` where the body is too large or not what it says it is."""
        self._began = True
        if self._gunzip is not None:
            if self._gunzip.eof:
                return
            try:
                data = self._gunzip.decompress(data, self._max_body + 1 - len(self._content))
            except zlib.error as exc:
                raise BadPayload(f"{self._where}: the body cannot be decompressed ({exc}).") from exc
        self._content += data
        if len(self._content) > self._max_body:
            raise BadPayload(f"{self._where}: the body is larger than {self._max_body} bytes.")

    def finish(self) -> bytes:
        """Return the whole body; raises `BadPayload` where it ends in the middle of its compression."""
        if self._gunzip is not None and self._began and not self._gunzip.eof:
            raise BadPayload(f"{self._where}: the body cannot be decompressed (it ends too soon).")
        return bytes(self._content)
