"""The parts of the daemon that exist once: HTTP server, store, log, shutdown."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from jobwatchd.logs import Format
from jobwatchd.model.shown import shown
from jobwatchd.settings.credentials import Token
from jobwatchd.settings.section import Section
from jobwatchd.settings.units import Duration, PositiveDuration
from jobwatchd.settings.urls import StoreUrl

_PORT = re.compile(r"\d{1,5}", re.ASCII)


def split_listen(text: str) -> tuple[str, int]:
    """Return host and port of `127.0.0.1:9464`, `[::1]:9464`, or `:9464` for all addresses.

    Raises ValueError for anything else.
    """
    refused = ValueError(
        f"got {shown(text, ('localhost',))}; expected host and port: "
        "127.0.0.1:9464, [::1]:9464, or :9464 for all addresses"
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


def _check_listen(value: object) -> object:
    if type(value) in {int, str} and _PORT.fullmatch(str(value)):
        raise ValueError(
            f"got {value}, a port alone; write 127.0.0.1:{value} for this machine only, or :{value} for all addresses"
        )
    if isinstance(value, str):
        split_listen(value)
    return value


class ServerSettings(Section):
    """API, health and metrics; without tokens, a loopback address only."""

    listen: Annotated[str, BeforeValidator(_check_listen)] = "127.0.0.1:9464"
    tokens: tuple[Token, ...] = ()
    tokens_file: Path | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on; port 0 lets the system choose."""
        return split_listen(self.listen)


class StoreSettings(Section):
    """Where watches, events and deliveries are kept, and for how long once they are over."""

    url: StoreUrl = "sqlite:////var/lib/jobwatchd/jobwatchd.db"
    keep_finished: PositiveDuration = 7 * 86_400.0
    keep_events: PositiveDuration = 30 * 86_400.0


class LogSettings(Section):
    """What the daemon says on stderr."""

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"
    keys: Literal["default", "gcp", "ecs"] = "default"

    def line_format(self) -> Format:
        """Return how lines look."""
        return Format(self.format, self.level, self.keys)


class ShutdownSettings(Section):
    """How long polls and deliveries in flight may take after a signal to stop."""

    drain: Duration = 20.0
