"""The HTTP client port: what a source needs of HTTP, and no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: `ca_file` is trusted beside the system's authorities, `cert_file` and `key_file` prove who we are.

    The key may stand in the `cert_file`; it has no pass phrase. The system's authorities are those of OpenSSL's default
    paths, which `SSL_CERT_FILE` and `SSL_CERT_DIR` move.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


DEFAULT_TLS = Tls()

# How long a connection is kept for the next poll. Longer than most poll intervals, shorter than most servers wait.
IDLE_CONNECTION_S = 60.0


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """What a client is built with; durations in seconds, `max_body` in bytes after decompression.

    `read_timeout_s` bounds each wait for the next bytes, `total_timeout_s` the whole request, connecting included.
    `connections` is how many requests may be in flight; another one waits up to `total_timeout_s` for its turn, which
    does not count as part of the request. `proxy` is an http or https URL; without one, none is used, whatever the
    environment says. Nothing follows redirects, keeps cookies, or retries.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 10.0
    total_timeout_s: float = 20.0
    max_body: int = 1_048_576
    connections: int = 64
    tls: Tls = DEFAULT_TLS
    proxy: str | None = None
    user_agent: str = "jobwatchd"


class Answer(Protocol):
    """An HTTP response whose body was read whole, and decompressed."""

    status: int
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in any case."""

    def headers(self, name: str) -> Sequence[str]:
        """Return all headers of this name, in order."""


class HttpClient(Protocol):
    """Sends one request and returns its answer, whatever its status.

    Raises `SourceUnavailable` when no whole answer came (refused, reset, truncated, TLS failure, not HTTP, any of the
    timeouts, no connection free, a header or URL that cannot be sent) and `BadPayload` when the body is larger than
    allowed or cannot be decompressed; nothing else. The message names the method, the URL without query and
    credentials, and what went wrong. Constructors raise `ConfigError` for a PEM file, proxy or user agent that cannot
    be used.

    A kept connection that the server has closed meanwhile is replaced where that was noticed in time; else the request
    is `SourceUnavailable` and the next one goes over a new connection. A cancelled request frees its place among
    `connections` at once; its connection is closed or given back, at the latest when its timeouts have passed.
    """

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request to an absolute URL that is already percent-encoded."""

    async def close(self) -> None:
        """Close all connections; the client is not used afterwards."""
