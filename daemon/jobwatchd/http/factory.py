"""Builds the HTTP client that a setting names."""

from typing import Literal

from jobwatchd.errors import ConfigError
from jobwatchd.http.client import HttpOptions
from jobwatchd.ports import HttpClient

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
