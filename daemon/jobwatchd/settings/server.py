"""The parts of the daemon that exist once: HTTP server, store, log, shutdown."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator

from jobwatchd.settings.credentials import Token
from jobwatchd.settings.section import Section
from jobwatchd.settings.units import Duration, PositiveDuration, Size
from jobwatchd.settings.urls import StoreUrl


def split_listen(text: str) -> tuple[str, int]:
    """Return host and port of `127.0.0.1:9464`, `[::1]:9464`, or `:9464` for all addresses.

    Raises ValueError for anything else.
    """
    refused = ValueError(
        f"got {text[:80]!r}; expected host and port: 127.0.0.1:9464, [::1]:9464, or :9464 for all addresses"
    )
    if any(mark in text for mark in "@/?# \t\n\r"):
        raise refused
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise refused from None
    if port is None or (host is None and text != f":{port}"):
        raise refused
    return host or "", port


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_listen(text: str) -> str:
    split_listen(text)
    return text


class ServerSettings(Section):
    """API, health and metrics; without tokens, a loopback address only."""

    listen: Annotated[str, AfterValidator(_check_listen)] = "127.0.0.1:9464"
    tokens: tuple[Token, ...] = ()
    tokens_file: Path | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on; port 0 lets the system choose."""
        return split_listen(self.listen)


class HttpLimitSettings(Section):
    """What all requests to job APIs and receivers may take together."""

    memory: Size = 8 * 1_048_576


class StoreSettings(Section):
    """Where watches, events and deliveries are kept, and for how long once they are over."""

    url: StoreUrl = "sqlite:////var/lib/jobwatchd/jobwatchd.db"
    keep_finished: PositiveDuration = 7 * 86_400.0
    keep_events: PositiveDuration = 30 * 86_400.0


class LogSettings(Section):
    """What the daemon says on stderr."""

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class ShutdownSettings(Section):
    """How long polls and deliveries in flight may take after a signal to stop."""

    drain: Duration = 20.0
