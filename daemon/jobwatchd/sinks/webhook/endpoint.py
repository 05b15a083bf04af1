"""Where a webhook goes and what goes there, checked before anything is sent.

Both checks raise `ConfigError` that begins with `place`; none shows a value, because URLs and headers hold secrets.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from jobwatchd.errors import ConfigError
from jobwatchd.sinks.webhook.cloud_event import Mode

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
# These frame or describe the body, which is ours.
_OWN_HEADERS = frozenset({"connection", "content-encoding", "content-length", "content-type", "transfer-encoding"})
_OWN_PREFIXES = ("webhook-", "ce-")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL that takes events, what is sent to it beside them, and how they are put; the headers may be secret."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    mode: Mode = "structured"
    content_type: str = "application/cloudevents+json"


def checked_url(url: str, place: str) -> httpx.URL:
    """Return a URL that can be posted to: http or https, with a host that can be looked up."""
    # Outside the handler nothing is chained: the library's messages quote parts of the URL.
    with suppress(httpx.InvalidURL, UnicodeError):
        parsed = httpx.URL(url)
        # Labels that are empty or too long would fail on every lookup, with an error that is none of httpx's.
        parsed.raw_host.decode("ascii").encode("idna")
        if parsed.scheme in {"http", "https"} and parsed.host:
            return parsed
    raise ConfigError(f"{place}: url is not usable; expected http:// or https:// and a host")


def checked_headers(headers: Mapping[str, str], place: str) -> dict[str, str]:
    """Return headers that HTTP allows and that do not contradict the sink's own."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ConfigError(f"{place}: header {name!r} is not a header name; expected letters, digits and hyphens")
        if name.lower() in _OWN_HEADERS or name.lower().startswith(_OWN_PREFIXES):
            raise ConfigError(f"{place}: header {name} is set by jobwatchd itself; leave it out")
        if not _HEADER_VALUE.fullmatch(value):
            raise ConfigError(f"{place}: header {name} has an unusable value; expected printable ASCII on one line")
    return dict(headers)
