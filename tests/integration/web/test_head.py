"""HEAD is answered wherever GET is."""

import httpx
import pytest

from integration.web.daemon import Daemon

PATHS = [
    "/livez",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/v1/watches",
    "/v1/watches/1",
    "/v1/watches/2",
    "/v1/events",
    "/v1/dead-letters",
    "/v1/status",
    "/nothing",
]
# What is made anew at each request, and may differ.
OF_THE_MOMENT = {"date", "content-length"}


def _headers(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_THE_MOMENT}


@pytest.mark.parametrize("path", PATHS)
async def test_head_is_get_without_a_body(client: httpx.AsyncClient, daemon: Daemon, path: str) -> None:
    """The status and the headers are those of a GET, the length is that of its body, and the connection goes on."""
    await daemon.watch("1")
    whole, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert _headers(head) == _headers(whole)
    assert path in {"/metrics", "/v1/status"} or head.headers["content-length"] == str(len(whole.content))
    assert (await client.get("/livez")).status_code == 200


async def test_a_probe_by_head_tells_what_is_wrong(stranger: httpx.AsyncClient, daemon: Daemon) -> None:
    """Load balancers that ask by HEAD see that it is not well."""
    daemon.heartbeats.stuck = ["stuck"]
    assert [(await stranger.head(path)).status_code for path in ("/livez", "/readyz")] == [503, 503]


async def test_head_needs_a_token_as_get_does(stranger: httpx.AsyncClient) -> None:
    """The method opens no door."""
    assert (await stranger.head("/v1/watches")).status_code == 401
