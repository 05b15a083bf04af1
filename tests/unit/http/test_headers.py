"""Headers that go along, and where to."""

from collections.abc import Mapping
from typing import Any

import pytest

from jobwatchd.http.wrappers import HeaderedClient


class Recorder:
    """Keeps the headers of the last request."""

    def __init__(self) -> None:
        self.sent: Any = None
        self.headers: Mapping[str, str] = {}
        self.closed = False

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Any:
        """Keep what was sent."""
        self.sent = (method, url, body)
        self.headers = headers

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://api.example.com/v1/jobs/1?a=b", {"X-Key": "k"}),
        ("https://api.example.com", {"X-Key": "k"}),
        ("https://api.example.com/elsewhere", {"X-Key": "k"}),
        ("https://api.example.com.evil.example/v1/", {}),
        ("https://api.example.com:444/v1/", {}),
        ("http://api.example.com/v1/", {}),
        ("https://login.example.com/token", {}),
    ],
)
async def test_headers_go_to_the_api_and_nowhere_else(url: str, sent: dict[str, str]) -> None:
    """A login may be elsewhere, and a secret is for one server."""
    recorder = Recorder()
    client = HeaderedClient(recorder, "https://api.example.com/v1", {"X-Key": "k"})
    await client.request("GET", url, {"Accept": "application/json"})
    assert recorder.headers == {"Accept": "application/json"} | sent
    assert recorder.sent == ("GET", url, None)


async def test_a_header_is_sent_once() -> None:
    """In whichever letters it is written."""
    recorder = Recorder()
    client = HeaderedClient(recorder, "https://api.example.com", {"accept": "text/json"})
    await client.request("GET", "https://api.example.com/", {"Accept": "application/json"})
    await client.close()
    assert recorder.headers == {"accept": "text/json"}
    assert recorder.closed
