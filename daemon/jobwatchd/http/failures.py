"""How a failed request is told: which request it was and what went wrong, and nothing secret."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from jobwatchd.errors import BadPayload, JobwatchError, SinkUnavailable, SourceUnavailable

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Tabs are allowed inside of a value, other control characters nowhere (RFC 9110, section 5.5).
HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


def name_request(method: str, url: str, *, with_path: bool = True) -> str:
    """Return the method and the URL, without what may be secret: user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        # A password with a slash in it ends the host early, and stands where the port should be: asking finds that.
        _ = parts.port
    except ValueError:
        return f"{method} of a URL that cannot be read"
    return f"{method} {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path if with_path else ''}"


def name_host(method: str, url: str) -> str:
    """Return the method and the URL's scheme and host, for URLs that are secret from there on."""
    return name_request(method, url, with_path=False)


def find_bad_header(headers: Mapping[str, str]) -> str | None:
    """Return what is wrong with the first header that HTTP does not allow, without its value; None where all is well.

    Both libraries repeat the value in their own errors, and it may be a token.
    """
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            return f"{name!r} cannot be the name of a header"
        if not HEADER_VALUE.fullmatch(value):
            return f"the value of the header {name!r} has control characters in it (a line break?)"
    return None


@dataclass(frozen=True, slots=True)
class Failures:
    """`unavailable` is raised when no whole answer came, `unreadable` for a body of no use; both take one sentence.

    `name` makes that sentence's beginning out of the method and URL, and keeps from it what may be secret.
    """

    unavailable: type[JobwatchError]
    unreadable: type[JobwatchError]
    name: Callable[[str, str], str]


FOR_SOURCES = Failures(SourceUnavailable, BadPayload, name_request)
# A webhook's path is as good as a password, often: whoever knows it may post there.
FOR_SINKS = Failures(SinkUnavailable, SinkUnavailable, name_host)
