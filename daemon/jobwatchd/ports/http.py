"""What sends HTTP requests."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Answer(Protocol):
    """An HTTP response whose body was read."""

    status: int
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in any case."""

    def headers(self, name: str) -> Sequence[str]:
        """Return all headers of this name, in order."""


class HttpClient(Protocol):
    """Sends one request and returns its answer, whatever its status.

    Raises `SourceUnavailable` when no whole answer came (refused, reset, truncated, not HTTP, any of the timeouts, no
    connection free, what cannot be sent) and `BadPayload` when the body is too large or cannot be read, for a sink
    `SinkUnavailable` in both cases; nothing else. Messages name the request, but no secrets. Constructors raise
    `ConfigError` for a PEM file or option of no use. Where a kept connection turns out to be closed too late, the
    request fails. A cancelled one frees its place at once.
    """

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request to an absolute URL that is already percent-encoded."""

    async def close(self) -> None:
        """Close all connections; the client is not used afterwards."""
