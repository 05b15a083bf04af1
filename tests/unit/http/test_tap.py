"""What a tap hears of the requests of one client."""

from collections.abc import Mapping
from typing import Any

from jobwatchd.http.authenticated_client import AuthenticatedClient, FixedRequest
from jobwatchd.http.authentication.session import Grant, LoginSession
from jobwatchd.http.request import HttpRequest
from jobwatchd.http.wrappers import Exchange, HeaderedClient, TappedClient
from jobwatchd.ports import Answer, HttpClient
from jobwatchd.testing import FakeClock

URL = "http://api.example/jobs"


class Api:
    """Answers everything with 200; `sent` are the methods and URLs, `headers` what went with them."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.headers: list[Mapping[str, str]] = []

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Any:  # noqa: ARG002
        """Note the request."""
        self.sent.append((method, url))
        self.headers.append(headers)
        return type("Ok", (), {"status": 200, "body": b""})

    async def close(self) -> None:
        """Have nothing to close."""


class SameUrlLogin:
    """Logs in at the URL that is polled, by the same method."""

    async def log_in(self, client: HttpClient) -> Grant:
        """Send the login."""
        await client.request("GET", URL, {})
        return Grant({"Cookie": "sid=s3cret"})

    async def close(self) -> None:
        """Have nothing to close."""


class Poll(FixedRequest):
    """Asks for nothing in particular."""

    def read(self, answer: Answer) -> None:
        """Take any answer."""


async def test_a_tap_hears_polls_and_no_logins() -> None:
    """What a login answers is a secret as a whole, and its URL may be that of a poll."""
    heard: list[Exchange] = []
    api = Api()
    tapped = TappedClient(api, heard.append)
    client = AuthenticatedClient(tapped, LoginSession(SameUrlLogin(), tapped, FakeClock()))
    await client.ask(Poll(HttpRequest("GET", URL, {"Accept": "text/json"})))
    assert api.sent == [("GET", URL), ("GET", URL)]
    assert [each.headers for each in heard] == [{"Accept": "text/json", "Cookie": "sid=s3cret"}]


async def test_headers_of_the_users_own_go_with_polls_and_with_logins() -> None:
    """A tap in between hears them with polls, and hears no logins."""
    heard: list[Exchange] = []
    api = Api()
    headered = HeaderedClient(TappedClient(api, heard.append), URL, {"X-Team": "render"})
    client = AuthenticatedClient(headered, LoginSession(SameUrlLogin(), headered, FakeClock()))
    await client.ask(Poll(HttpRequest("GET", URL)))
    assert api.headers == [{"X-Team": "render"}, {"X-Team": "render", "Cookie": "sid=s3cret"}]
    assert [each.headers for each in heard] == api.headers[1:]
