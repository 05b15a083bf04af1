"""Where a server listens, as people write it: `127.0.0.1:25629`, `[::1]:25629`, or `:25629` for all addresses."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from jobwatchd.model.shown import shown


def split_listen(text: str) -> tuple[str, int]:
    """Return host and port of an address to listen at; the host is empty for all addresses.

    Raises ValueError, with a sentence that says what was expected, for anything else.
    """
    refused = ValueError(
        f"got {shown(text, ('localhost',))}; expected host and port: "
        "127.0.0.1:25629, [::1]:25629, or :25629 for all addresses"
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
