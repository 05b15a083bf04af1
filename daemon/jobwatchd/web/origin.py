"""From where a request comes, as far as its headers tell: who serves this machine only has to ask.

Without tokens, being on this machine is what opens the API, and a browser on this machine runs the pages of strangers.
A page can have its own name resolved to a loopback address (DNS rebinding): then `Host` is that name. Or it sends a
request across: then `Origin` or `Sec-Fetch-Site` says so. No browser lets a page set these three. A page that comes
from this machine itself may ask: who serves it could as well.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{0,5})?", re.ASCII)
_CROSSING = frozenset({"cross-site"})
Headers = Iterable[tuple[bytes, bytes]]


class Foreign(Exception):
    """A request does not come from this machine by its own doing; `status` is the answer, the text says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def require_one_host(headers: Headers) -> None:
    """Raise `Foreign` where a request names several hosts: each reader of it may believe another one."""
    if sum(name == b"host" for name, _ in headers) > 1:
        raise Foreign(400, "The request has more than one Host header.")


def require_local(headers: Headers) -> None:
    """Raise `Foreign` where a request was made for another host, or by a page of another one."""
    fields = [(name, value.decode("latin-1").strip()) for name, value in headers]
    hosts = [value for name, value in fields if name == b"host"]
    if not hosts or not all(map(is_local_authority, hosts)):
        raise Foreign(
            421,
            "No tokens are configured, so the API answers to the names of this machine only: localhost, 127.0.0.1 or "
            "[::1] as Host, with any port.",
        )
    for name, value in fields:
        if (name == b"origin" and not _is_local_origin(value)) or (
            name == b"sec-fetch-site" and value.lower() in _CROSSING
        ):
            raise Foreign(403, "No tokens are configured, so the API does not answer to pages of other sites.")


def is_local_authority(text: str) -> bool:
    """Whether host and port, as in a `Host` header, name this machine: `localhost:25629`, `127.0.0.1`, `[::1]:80`."""
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        return False
    host = found["host"].lower()
    return host == "localhost" or is_local_client(host.strip("[]"))


def is_local_client(address: str) -> bool:
    """Whether an IP address is one of this machine's own, also where IPv6 only wraps IPv4."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback


def _is_local_origin(text: str) -> bool:
    scheme, separator, authority = text.partition("://")
    return bool(separator) and scheme.lower() in {"http", "https"} and is_local_authority(authority)
