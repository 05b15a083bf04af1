"""Only those with a token use the API."""

import httpx
import pytest

from integration.web.daemon import Daemon

PATHS = ["/v1/watches", "/v1/events", "/v1/status", "/v1/nothing", "/v1"]


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_token_nothing_is_told(stranger: httpx.AsyncClient, path: str) -> None:
    """Every path under /v1 answers 401 and asks for a bearer token, also those that do not exist."""
    refused = await stranger.get(path)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "header",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer planted-token-and-more"},
        {"Authorization": "Bearer planted"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic planted-token"},
        {"Authorization": "planted-token"},
        {"Authorization": "Bearer pläntéd"},
        {"X-Token": "planted-token"},
    ],
)
async def test_a_wrong_token_is_refused(stranger: httpx.AsyncClient, header: dict[str, str]) -> None:
    """Nothing but the whole token as a bearer token opens, and the refusal does not repeat what was sent."""
    refused = await stranger.get(
        "/v1/watches", headers={name.encode(): value.encode() for name, value in header.items()}
    )
    assert refused.status_code == 401
    assert "planted" not in refused.text


@pytest.mark.parametrize(
    "header", [{"Authorization": "bearer planted-token"}, {"Authorization": "BEARER  planted-token"}]
)
async def test_the_scheme_is_read_as_http_says(stranger: httpx.AsyncClient, header: dict[str, str]) -> None:
    """The word Bearer may be written in any case."""
    assert (await stranger.get("/v1/watches", headers=header)).status_code == 200


async def test_any_of_several_tokens_opens(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """While a token is being replaced, old and new both work; a reload takes effect at the next request."""
    daemon.tokens["new"] = "new-token"
    assert (await client.get("/v1/watches")).status_code == 200
    del daemon.tokens["ci"]
    assert (await client.get("/v1/watches")).status_code == 401


async def test_without_configured_tokens_this_machine_may(stranger: httpx.AsyncClient, daemon: Daemon) -> None:
    """Where no tokens are configured, a client on the same machine needs none."""
    daemon.tokens.clear()
    assert (await stranger.get("/v1/watches")).status_code == 200


async def test_the_token_is_checked_before_the_body(stranger: httpx.AsyncClient) -> None:
    """A stranger learns nothing from a body's being wrong, however large it claims to be."""
    refused = await stranger.post("/v1/watches", content=b"{", headers={"Content-Length": "1"})
    assert refused.status_code == 401


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json"])
async def test_the_rest_is_open(stranger: httpx.AsyncClient, path: str) -> None:
    """Probes, scrapers and readers of the description need no token."""
    assert (await stranger.get(path)).status_code == 200
