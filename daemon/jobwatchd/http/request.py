"""A request, as it is written and before it is sent."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from jobwatchd.http.status import bare_url

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


# A tuple, for one is made for every poll.
class HttpRequest(NamedTuple):
    """One request, ready to be sent, but for what proves who sends it; the URL is percent-encoded."""

    method: str
    url: str
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes | None = None

    @property
    def where(self) -> str:
        """What messages call it: method and URL, without the query."""
        return f"{self.method} {bare_url(self.url)}"
