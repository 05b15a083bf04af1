"""An authentication that signs each request, as AWS Signature Version 4 does, and a server that checks it."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conformance.http.raw_server import Exchange, Server
from jobwatchd.errors import SourceUnauthorized
from jobwatchd.http.authenticated_client import AuthenticatedClient
from jobwatchd.http.authentication.contract import CredentialsRefused, Proof
from jobwatchd.http.request import HttpRequest
from jobwatchd.http.wrappers import HeaderedClient
from jobwatchd.ports import Answer, HttpClient
from jobwatchd.rotation import Recipe, Rotating
from jobwatchd.testing import FakeClock

Connect = Callable[..., HttpClient]
Sign = Callable[[Rotating[str]], AuthenticatedClient]
FORMAT = "%Y%m%dT%H%M%SZ"
TOLERANCE = timedelta(minutes=5)


def sign(key: str, method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
    """Return the signature of a request; `headers` are those that are signed, in lower case."""
    path, _, query = target.partition("?")
    fields = [f"{name}:{headers[name]}" for name in sorted(headers)]
    text = "\n".join([method, path, query, *fields, hashlib.sha256(body).hexdigest()])
    date = hmac.digest(key.encode(), headers["x-amz-date"][:8].encode(), "sha256")
    return hmac.new(date, text.encode(), "sha256").hexdigest()


class Signing:
    """Signs method, path, query, host, date, body, and each header of the request; implements `Authentication`."""

    renewed = "even with another key"

    def __init__(self, key: Rotating[str], clock: FakeClock) -> None:
        self._key = key
        self._clock = clock

    def prove(self, request: HttpRequest) -> Proof:
        """Return the date and the signature of this very request."""
        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        signed = {name.lower(): value for name, value in request.headers.items()}
        signed |= {"host": parts.netloc, "x-amz-date": self._clock.now().strftime(FORMAT)}
        signature = sign(self._key.value, request.method, target, signed, request.body or b"")
        proof = f"TEST-HMAC SignedHeaders={';'.join(signed)} Signature={signature}"
        return Proof({"x-amz-date": signed["x-amz-date"], "Authorization": proof}, basis=self._key.value)

    async def renew(self, request: HttpRequest, refused: Proof | None) -> Proof | None:
        """Read the key's file; return what another key proves."""
        await self._key.refresh()
        return None if refused is not None and refused.basis == self._key.value else self.prove(request)

    async def close(self) -> None:
        """Follow the key's file no more."""
        self._key.close()


def check(key: str, now: datetime, head: str, body: bytes) -> str:
    """Return the status for a request whose head and body came in like that; what begins with x- has to be signed."""
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    names = fields["authorization"].partition("SignedHeaders=")[2].partition(" ")[0].split(";")
    signed = {name: fields[name] for name in names}
    at = datetime.strptime(signed["x-amz-date"], FORMAT).replace(tzinfo=UTC)
    good = fields["authorization"].endswith(f" Signature={sign(key, method, target, signed, body)}")
    whole = all(name in signed for name in fields if name.startswith("x-"))
    return "200 OK" if good and whole and abs(now - at) < TOLERANCE else "403 Forbidden"


@pytest.fixture
def clock() -> FakeClock:
    """Return the time of both sides."""
    return FakeClock()


class KeyedServer(Server):
    """A server that lets in who signs with its `key`."""

    key = "first"


@pytest.fixture
async def server(clock: FakeClock) -> AsyncIterator[KeyedServer]:
    """Yield such a server, running."""
    server = KeyedServer()

    async def handle(exchange: Exchange) -> None:
        while True:
            body = await exchange.read_request()
            await exchange.answer(status=check(server.key, clock.now(), server.heads[-1], body))

    await server.run(handle, None)
    yield server
    await server.stop()


@pytest.fixture
def signing(connect: Connect, clock: FakeClock) -> Sign:
    """Return what makes a client that signs with a key."""
    return lambda key: AuthenticatedClient(connect(), Signing(key, clock))


class Look:
    """Asks for a status; where it is asked again, by the next of its requests."""

    def __init__(self, *requests: HttpRequest) -> None:
        self._requests = list(requests)

    def write(self) -> HttpRequest:
        """Return the next request, the last one again and again."""
        return self._requests.pop(0) if self._requests[1:] else self._requests[0]

    def read(self, answer: Answer) -> int:
        """Return the status of an answer; raises where the signature was refused."""
        if answer.status == 403:
            raise CredentialsRefused("answered 403")
        return answer.status


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/v1/jobs/nightly%2F1964?expand=tasks&after=a%20b", None),
        ("POST", "/v1/jobs", b'{"ids": [1964]}'),
        ("POST", "/v1/jobs?page=2", None),
    ],
)
async def test_a_signature_covers_the_request_that_is_sent(
    signing: Sign, server: KeyedServer, method: str, target: str, body: bytes | None
) -> None:
    """What is signed is what arrives: nothing is written otherwise on the way."""
    client = signing(Rotating.constant("first"))
    request = HttpRequest(method, server.url + target, {"Accept": "application/json"}, body)
    assert await client.ask(Look(request)) == 200


@pytest.mark.parametrize("name", ["X-Team", "x-team"])
async def test_a_signature_covers_the_headers_of_the_users_own(
    connect: Connect, server: Server, clock: FakeClock, name: str
) -> None:
    """They are a part of the request before it is signed, and come in the place of ours."""
    client = HeaderedClient(connect(), server.url, {name: "render"})
    signing = AuthenticatedClient(client, Signing(Rotating.constant("first"), clock))
    request = HttpRequest("GET", f"{server.url}/v1/jobs/1", {"X-Team": "ours", "Accept": "application/json"})
    assert await signing.ask(Look(request)) == 200
    assert server.heads[0].lower().count("x-team: render") == 1


async def test_each_request_has_a_signature_of_its_own(signing: Sign, server: KeyedServer, clock: FakeClock) -> None:
    """One that is an hour old would be refused."""
    client = signing(Rotating.constant("first"))
    request = HttpRequest("GET", f"{server.url}/v1/jobs/1")
    assert await client.ask(Look(request)) == 200
    await clock.advance(3600)
    assert await client.ask(Look(request)) == 200


async def test_a_wrong_key_is_not_tried_twice(signing: Sign, server: KeyedServer) -> None:
    """Its file has no other, so it would be refused again."""
    client = signing(Rotating.constant("wrong"))
    with pytest.raises(SourceUnauthorized, match=r"^answered 403$"):
        await client.ask(Look(HttpRequest("GET", f"{server.url}/v1/jobs/1")))
    assert len(server.heads) == 1


async def test_a_refused_request_is_signed_anew_with_the_key_of_now(
    signing: Sign, server: KeyedServer, tmp_path: Path
) -> None:
    """The same request goes once more, under another signature."""
    file = tmp_path / "key"
    file.write_text("second")
    key = Rotating(Recipe("api", {"key": file}, lambda found: found["key"].decode()), "first")
    server.key = "second"
    client = signing(key)
    assert await client.ask(Look(HttpRequest("POST", f"{server.url}/v1/jobs", body=b"{}"))) == 200
    server.key = "third"
    with pytest.raises(SourceUnauthorized):
        await client.ask(Look(HttpRequest("GET", f"{server.url}/v1/jobs/1")))


async def test_a_request_that_is_written_anew_is_signed_as_it_is_then(
    signing: Sign, server: KeyedServer, tmp_path: Path
) -> None:
    """Its body may have changed since it was refused."""
    (tmp_path / "key").write_text("second")
    key = Rotating(Recipe("api", {"key": tmp_path / "key"}, lambda found: found["key"].decode()), "first")
    server.key = "second"
    client = signing(key)
    old, new = (HttpRequest("POST", f"{server.url}/events", body=body) for body in (b"old", b"new"))
    assert await client.ask(Look(old, new)) == 200
