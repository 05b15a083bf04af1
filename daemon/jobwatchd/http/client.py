"""What an HTTP client is built with, whether that can be used, and the client that a setting names."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from jobwatchd.errors import ConfigError
from jobwatchd.http.failures import FOR_SOURCES, Failures, find_bad_header
from jobwatchd.http.limits import Memory
from jobwatchd.ports import HttpClient
from jobwatchd.rotation import Rotation


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: `ca_file` is trusted beside the system's authorities, `cert_file` and `key_file` prove who we are.

    The key may stand in the `cert_file`; it has no pass phrase. The system's authorities are those of OpenSSL's default
    paths, which `SSL_CERT_FILE` and `SSL_CERT_DIR` move. Without `verify` any server is believed.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    verify: bool = True


DEFAULT_TLS = Tls()
DEFAULT_MEMORY = 8 * 1_048_576


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """What a client is built with; durations in seconds, `max_body` in bytes after decompression.

    `read_timeout_s` bounds each wait for the next bytes, `total_timeout_s` the whole request, connecting included.
    `connections` is how many requests may be in flight; another one waits up to `total_timeout_s` for its turn, which
    does not count as part of the request. A connection is kept for the next one for `idle_s`, which is longer than most
    poll intervals, and shorter than most servers wait. `proxy` is an http or https URL; without one, none is used,
    whatever the environment says. Nothing follows redirects, keeps cookies, or retries.

    `cut_body` is for those who only want the status: a body is not decompressed, and one that is longer than `max_body`
    is cut off there instead of refused. `failures` says what is raised.

    A body that is not there with its first piece is read as soon as `memory` has room for `max_body`, or for as much as
    the server says will come. Until then the request holds neither memory nor a connection: it is sent again when there
    is room, with all of its time. It waits up to `total_timeout_s`, after which it is `unreadable`: the server is not
    to blame. What is cut waits for nothing.

    With a `rotation`, certificates are read again when they change: requests in flight go on as they are, new ones get
    new connections. `place` is whose they are.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 10.0
    total_timeout_s: float = 20.0
    max_body: int = 1_048_576
    connections: int = 64
    tls: Tls = DEFAULT_TLS
    proxy: str | None = None
    user_agent: str = "jobwatchd"
    idle_s: float = 60.0
    cut_body: bool = False
    failures: Failures = FOR_SOURCES
    rotation: Rotation | None = None
    place: str = "http"
    memory: Memory = field(default_factory=lambda: Memory(DEFAULT_MEMORY))


def check_options(options: HttpOptions) -> None:
    """Raise `ConfigError` where the proxy or the user agent cannot be used; a proxy's URL is not repeated."""
    problems = []
    if options.proxy is not None and not _is_proxy(options.proxy):
        problems.append("The proxy must be a URL like http://user:password@proxy.example:3128.")
    if complaint := find_bad_header({"User-Agent": options.user_agent}):
        problems.append(f"The user agent cannot be sent: {complaint}.")
    if problems:
        raise ConfigError(*problems)


def _is_proxy(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


HttpClientKind = Literal["pyreqwest", "httpx"]


def build_http_client(kind: HttpClientKind, options: HttpOptions) -> HttpClient:
    """Return a new client of that kind; raises `ConfigError` as the adapters do, and where the library is missing."""
    if kind == "httpx":
        from jobwatchd.http.httpx_client import HttpxClient  # noqa: PLC0415 - only what is used is loaded

        return HttpxClient(options)
    try:
        from jobwatchd.http.pyreqwest_client import PyreqwestClient  # noqa: PLC0415 - there may be no wheel
    except ImportError as exc:
        raise ConfigError(
            f"http_client is pyreqwest, which cannot be loaded here ({exc}); httpx works everywhere."
        ) from exc
    return PyreqwestClient(options)
