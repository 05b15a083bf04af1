"""Headers that the user wants to be sent along."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from jobwatchd.ports import Answer, HttpClient


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
