"""HTTP clients around another one: to listen to what an API really answers, and to send more along."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jobwatchd.http.request import HttpRequest
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
        self.client = client
        self._tap = tap

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request; see `HttpClient.request`."""
        answer = await self.client.request(method, url, headers, body)
        self._tap(Exchange(method, url, headers, answer))
        return answer

    async def close(self) -> None:
        """Close all connections."""
        await self.client.close()


class HeaderedClient:
    """Sends `headers` with each request to the server of `base_url`, and to no other; implements `HttpClient`.

    A login may go elsewhere, and what they hold may be secret. They come in the place of headers of the same name.
    """

    def __init__(self, client: HttpClient, base_url: str, headers: Mapping[str, str]) -> None:
        self.client = client
        self._base_url = base_url
        self._server = urlsplit(base_url)[:2]
        self._headers = headers
        self._names = frozenset(name.lower() for name in headers)

    def complete(self, request: HttpRequest) -> HttpRequest:
        """Return a request as it is sent: for who has to know that before."""
        if urlsplit(request.url)[:2] != self._server:
            return request
        others = {name: value for name, value in request.headers.items() if name.lower() not in self._names}
        return request._replace(headers={**others, **self._headers})

    def around(self, client: HttpClient) -> "HeaderedClient":
        """Return what sends the same headers through another client."""
        return HeaderedClient(client, self._base_url, self._headers)

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request; see `HttpClient.request`."""
        return await self.client.request(*self.complete(HttpRequest(method, url, headers, body)))

    async def close(self) -> None:
        """Close all connections."""
        await self.client.close()


def untapped(client: HttpClient) -> HttpClient:
    """Return the same client without its tap: for logins, whose answers are secrets."""
    if isinstance(client, HeaderedClient):
        return client.around(untapped(client.client))
    return client.client if isinstance(client, TappedClient) else client
