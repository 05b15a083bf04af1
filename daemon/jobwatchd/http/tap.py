"""An HTTP client that lets somebody listen, for looking at what an API really answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
