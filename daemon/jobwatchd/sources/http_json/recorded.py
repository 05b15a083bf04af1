"""Answers kept in files: bare bodies as `curl` writes them, or with the head that `curl -i` puts before them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_HEAD = re.compile(rb"HTTP/[0-9.]+ ([1-9][0-9]{2})[^\n]*\n(.*?)\r?\n(?:\r?\n|$)", re.DOTALL)
_BARE = re.compile(rb"HTTP/[0-9.]+ ([1-9][0-9]{2})[^\n]*\n\r?\n", re.DOTALL)


@dataclass(slots=True)
class RecordedAnswer:
    """An answer as it was; implements `ports.Answer`."""

    status: int
    body: bytes
    fields: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, raw: bytes, status: int) -> "RecordedAnswer":
        """Read a file's content; `status` is meant where the file has no head."""
        if bare := _BARE.match(raw):
            return cls(int(bare[1]), raw[bare.end() :])
        if head := _HEAD.match(raw):
            lines = head[2].decode("latin-1").splitlines()
            pairs = (line.partition(":") for line in lines)
            return cls(
                int(head[1]), raw[head.end() :], tuple((name.strip(), value.strip()) for name, _, value in pairs)
            )
        return cls(status, raw)

    def dump(self, status: int) -> bytes:
        """Return what `parse` reads, without headers; with the HTTP status only where it is not `status`."""
        return self.body if self.status == status else b"HTTP/1.1 %d\n\n%s" % (self.status, self.body)

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in any case."""
        return next(iter(self.headers(name)), None)

    def headers(self, name: str) -> Sequence[str]:
        """Return all headers of this name, in order."""
        return [value for key, value in self.fields if key.lower() == name.lower()]
