"""HTTP clients around another one: to listen to what an API really answers, and to send more along."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jobwatchd.ports import Answer, HttpClient


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer; `headers` are those of the request, which hold credentials."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    answer: Answer


Tap = Callable[[Exchange], None]


class TappedClient:
    """Passes requests on to `client`, which it owns, and tells `tap` of each answer; implements `HttpClient`."""

    def __init__(self, client: HttpClient, tap: Tap) -> None:
        self._client = client
        self._tap = tap

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request; see `HttpClient.request`."""
        answer = await self._client.request(method, url, headers, body)
        self._tap(Exchange(method, url, headers, answer))
        return answer

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    @property
    def untapped(self) -> HttpClient:
        """The client below, whose requests nobody hears."""
        return self._client


def untapped(client: HttpClient) -> HttpClient:
    """Return the same client without its tap: for logins, whose answers are secrets."""
    return client.untapped if isinstance(client, TappedClient) else client


class HeaderedClient:
    """Sends `headers` with each request to the server of `base_url`, and to no other; implements `HttpClient`.

    A login may go elsewhere, and what they hold may be secret. They come in the place of headers of the same name.
    """

    def __init__(self, client: HttpClient, base_url: str, headers: Mapping[str, str]) -> None:
        self._client = client
        self._server = urlsplit(base_url)[:2]
        self._headers = headers
        self._names = frozenset(name.lower() for name in headers)

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request; see `HttpClient.request`."""
        if urlsplit(url)[:2] == self._server:
            others = {name: value for name, value in headers.items() if name.lower() not in self._names}
            headers = {**others, **self._headers}
        return await self._client.request(method, url, headers, body)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
