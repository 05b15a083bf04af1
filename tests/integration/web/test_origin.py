"""Without tokens the API answers to this machine, and to no page of another site in a browser on it."""

from typing import Any

import anyio
import httpx
import pytest

from integration.web.daemon import Daemon
from jobwatchd.model.query import WatchQuery

JOB = {"source": "graph", "job": {"job_id": "1964"}}
OURS = ["localhost", "LOCALHOST:25629", "127.0.0.1", "127.8.8.8:1", "[::1]", "[::1]:25629", "[::ffff:127.0.0.1]:80"]
FOREIGN = [
    "evil.example",
    "evil.example:25629",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "127.0.0.1.nip.io:25629",
    "notlocalhost",
    "localhost@evil.example",
    "evil.example#localhost",
    "localhost, evil.example",
    "localhost evil.example",
    "10.0.0.5:25629",
    "0.0.0.0:25629",
    "127.1",
    "2130706433",
    "[::2]:25629",
    "[::ffff:10.0.0.5]",
    "::1",
    "localhost:25629:1",
    "localhost:port",
    "löcalhost",
    "",
]
REQUESTS = [
    ("GET", "/v1/watches", None),
    ("HEAD", "/v1/watches", None),
    ("GET", "/v1/nothing", None),
    ("POST", "/v1/watches", JOB),
    ("POST", "/v1/watches/batch", [JOB]),
    ("DELETE", "/v1/watches/1", None),
    ("OPTIONS", "/v1/watches", None),
]


@pytest.fixture(autouse=True)
def without_tokens(daemon: Daemon) -> None:
    """Configure no tokens."""
    daemon.tokens.clear()


async def _ask(daemon: Daemon, head: str, body: str = "") -> str:
    """Send a request as it stands; return the status line."""
    host, port = daemon.url.removeprefix("http://").split(":")
    async with await anyio.connect_tcp(host, int(port)) as stream:
        await stream.send((head.replace("\n", "\r\n") + "\r\n\r\n" + body).encode("latin-1"))
        with anyio.fail_after(10):
            return (await stream.receive()).decode().split("\r\n")[0]


@pytest.mark.parametrize("host", OURS)
async def test_the_names_of_this_machine_are_taken(stranger: httpx.AsyncClient, host: str) -> None:
    """Any loopback address, and localhost, with any port: it may have come through a tunnel."""
    added = await stranger.post("/v1/watches", json=JOB, headers={"Host": host})
    assert added.status_code == 201


@pytest.mark.parametrize("host", FOREIGN)
async def test_other_names_are_not(stranger: httpx.AsyncClient, daemon: Daemon, host: str) -> None:
    """A page whose name was made to mean this machine gets 421, and changes nothing."""
    refused = await stranger.post("/v1/watches", json=JOB, headers={b"Host": host.encode()})
    assert (refused.status_code, refused.headers["content-type"]) == (421, "application/problem+json")
    assert "localhost" in refused.json()["detail"]
    assert await daemon.store.list_watches(WatchQuery()) == []


@pytest.mark.parametrize("request_line", REQUESTS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "https://evil.example:25629"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "file://"}, 403),
        ({"Origin": "chrome-extension://localhost"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "Cross-Site", "Origin": "http://127.0.0.1:25629"}, 403),
    ],
)
async def test_pages_of_other_sites_are_refused(
    stranger: httpx.AsyncClient, request_line: tuple[str, str, Any], headers: dict[str, str], status: int
) -> None:
    """Whatever they ask, and whether or not it would change anything; nothing lets them read the answer."""
    method, path, body = request_line
    refused = await stranger.request(method, path, json=body, headers=headers)
    assert refused.status_code == status
    assert not [name for name in refused.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1:25629", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"},
        {"Origin": "https://[::1]"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_pages_of_this_machine_are_taken(stranger: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Who serves a page here could ask by himself."""
    assert (await stranger.post("/v1/watches", json=JOB, headers=headers)).status_code == 201


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json"])
async def test_probes_and_scrapes_may_come_under_any_name(stranger: httpx.AsyncClient, path: str) -> None:
    """Health checks, metrics and the description change nothing, and are asked for under many names."""
    answer = await stranger.get(path, headers={"Host": "jobwatchd.monitoring.svc", "Origin": "http://evil.example"})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_who_names_no_host_is_refused(daemon: Daemon, version: str) -> None:
    """A request without Host is not known to be meant for this machine."""
    assert await _ask(daemon, f"GET /v1/watches HTTP/{version}") == "HTTP/1.1 421 Misdirected Request"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET http://evil.example/v1/watches HTTP/1.1\nHost: localhost", 421),
        ("GET http://localhost@evil.example/v1/watches HTTP/1.1\nHost: localhost", 421),
        ("GET http://localhost/v1/watches HTTP/1.1\nHost: evil.example", 200),
        ("GET /v1/watches?a=http://evil.example HTTP/1.1\nHost: localhost", 422),
        ("GET http://evil.example HTTP/1.1\nHost: localhost", 400),
        ("GET /v1/watches HTTP/1.1\nHost: localhost\nHost: evil.example", 400),
        ("GET /v1/watches HTTP/1.1\nHost: localhost\nHost: localhost", 400),
        ("GET /%761/watches HTTP/1.1\nHost: evil.example", 421),
        ("OPTIONS * HTTP/1.1\nHost: localhost", 404),
    ],
)
async def test_the_target_of_a_request_counts(daemon: Daemon, head: str, status: int) -> None:
    """A host in the request line counts before Host, as HTTP has it, and two hosts are one too many."""
    assert (await _ask(daemon, head)).split()[1] == str(status)


@pytest.mark.parametrize(
    "header",
    [
        {"X-Forwarded-Host": "localhost"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1;host=localhost"},
        {"X-Host": "localhost"},
        {"X-Original-Host": "localhost"},
    ],
)
async def test_what_a_client_says_of_itself_counts_for_nothing(
    stranger: httpx.AsyncClient, header: dict[str, str]
) -> None:
    """Headers that proxies set make nobody local."""
    refused = await stranger.get("/v1/watches", headers={"Host": "evil.example", **header})
    assert refused.status_code == 421


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_form_cannot_send_what_we_take(stranger: httpx.AsyncClient, media_type: str) -> None:
    """What a browser sends across without asking first is no JSON."""
    refused = await stranger.post("/v1/watches", content=b'{"source": 1}', headers={"Content-Type": media_type})
    assert refused.status_code == 415


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_a_token_is_enough_anywhere(client: httpx.AsyncClient, daemon: Daemon, header: dict[str, str]) -> None:
    """With tokens the API goes by them: it is asked under many names, and a browser has none to send along."""
    daemon.tokens["ci"] = "planted-token"
    answer = await client.get("/v1/watches", headers=header)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]
