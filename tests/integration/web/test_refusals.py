"""Whatever is wrong with a request is told as a problem document, and never breaks the server."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from integration.web.daemon import Daemon

JOB = b'{"source": "graph", "job": {"job_id": "1"}}'
JSON = {"Content-Type": "application/json"}
MIB = 1_048_576


def _check(refused: httpx.Response, status: int) -> str:
    """Check the status and the form of a refusal; return its text."""
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"]
    return str(problem["detail"])


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/v1/nothing", "/v1/watches/", "/v1/watches/abc", "/v1/watches/-1", "/docs"]
)
async def test_nothing_is_there(client: httpx.AsyncClient, path: str) -> None:
    """Paths that do not exist get 404."""
    _check(await client.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/watches", "GET, HEAD, POST"),
        ("POST", "/v1/watches/1", "DELETE, GET, HEAD"),
        ("GET", "/v1/watches/batch", "POST"),
        ("HEAD", "/v1/watches/batch", "POST"),
        ("DELETE", "/metrics", "GET, HEAD"),
        ("POST", "/openapi.json", "GET, HEAD"),
        ("OPTIONS", "/livez", "GET, HEAD"),
        ("OPTIONS", "/v1/watches", "GET, HEAD, POST"),
        ("TRACE", "/livez", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_names_the_right_ones(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    """A method that is not possible gets 405 with all those that are, whichever route holds them."""
    refused = await client.request(method, path)
    assert refused.status_code == 405
    assert method == "HEAD" or _check(refused, 405)
    assert refused.headers["allow"] == allowed


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'"\xc3\x28"',
        b"[" * 100_000,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        b"1" * 5_000,
        b"null",
        b"[]",
        b'"text"',
        b"NaN",
        b'{"source": "graph", "job": {"job_id": "\\ud800"}}',
        b'{"source": "graph", "job": {"\\ud800": "1"}}',
        b'{"\\ud800": 1, "source": "graph", "job": {"job_id": "1"}}',
        b'{"source": "graph", "job": {"job_id": "a\\u0000b"}}',
        b'{"source": "graph\\u0000", "job": {"job_id": "1"}}',
        b'{"source": "graph", "job": {"job_id": 1e999}}',
        b'{"source": "graph", "job": {"job_id": -1}}',
        b'{"source": "graph", "job": {"job_id": 123456789012345678901234567890}}',
    ],
)
@pytest.mark.parametrize("path", ["/v1/watches", "/v1/watches/batch", "/v1/dead-letters/replay"])
async def test_hostile_bodies_are_the_clients_mistake(client: httpx.AsyncClient, path: str, body: bytes) -> None:
    """Broken JSON, broken UTF-8, deep nesting, NUL, lone surrogates and numbers out of bounds get a 400 or 422."""
    refused = await client.post(path, content=body, headers=JSON)
    _check(refused, refused.status_code if refused.status_code == 400 else 422)


@pytest.mark.parametrize(
    "query",
    [
        {"after": str(2**63)},
        {"after": "-1"},
        {"after": "1" * 5_000},
        {"after": "x"},
        {"limit": "0"},
        {"limit": "1001"},
        {"source": "a\x00b"},
        {"source": ""},
        {"source": "x" * 513},
    ],
)
@pytest.mark.parametrize("path", ["/v1/watches", "/v1/events"])
async def test_hostile_queries_are_the_clients_mistake(
    client: httpx.AsyncClient, path: str, query: dict[str, Any]
) -> None:
    """Numbers out of bounds and control characters in a query get 422 with the parameter's name."""
    refused = await client.get(path, params=query)
    _check(refused, 422)
    assert refused.json()["errors"][0]["field"] == next(iter(query))


@pytest.mark.parametrize("path", [f"/v1/watches/{2**63}", f"/v1/watches/{'9' * 4_000}", "/v1/watches/0"])
async def test_ids_out_of_bounds_are_the_clients_mistake(client: httpx.AsyncClient, path: str) -> None:
    """A watch's number is at least 1 and fits into 64 bits."""
    _check(await client.get(path), 422)


@pytest.mark.parametrize(
    "header", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}]
)
async def test_only_json_is_taken(client: httpx.AsyncClient, header: dict[str, str]) -> None:
    """A body of another type, or of none, gets 415: a browser cannot be made to send ours unasked."""
    _check(await client.post("/v1/watches", content=JOB, headers=header), 415)


async def test_json_in_utf_8_may_say_so(client: httpx.AsyncClient) -> None:
    """A content type with a parameter is JSON as well."""
    added = await client.post("/v1/watches", content=JOB, headers={"Content-Type": "application/json; charset=utf-8"})
    assert added.status_code == 201


async def test_a_body_just_small_enough_is_read(client: httpx.AsyncClient) -> None:
    """One mebibyte is taken."""
    added = await client.post("/v1/watches", content=JOB.ljust(MIB), headers=JSON)
    assert added.status_code == 201


async def test_a_body_too_large_is_refused(client: httpx.AsyncClient) -> None:
    """One byte more gets 413."""
    _check(await client.post("/v1/watches", content=JOB.ljust(MIB + 1), headers=JSON), 413)


async def test_a_body_of_unknown_size_is_refused_when_it_grows_too_large(client: httpx.AsyncClient) -> None:
    """Without a Content-Length the bytes are counted as they come."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    _check(await client.post("/v1/watches", content=chunks(), headers=JSON), 413)


async def test_no_store_is_told_to_come_back(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """A store that is not available gets 503 with a time to try again."""
    daemon.store.broken = True
    refused = await client.get("/v1/events")
    assert _check(refused, 503) == "The database is locked."
    assert int(refused.headers["retry-after"]) > 0


async def test_the_unexpected_is_logged_not_told(
    client: httpx.AsyncClient, daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect gets 500 without a word of what it was; the log has it, and the server goes on."""
    daemon.watchlist.explodes = True
    with caplog.at_level(logging.ERROR):
        refused = await client.post("/v1/watches", content=JOB, headers=JSON)
    _check(refused, 500)
    assert "planted-detail" not in refused.text
    assert "planted-detail" in caplog.text
    assert (await client.get("/v1/watches")).status_code == 200


async def test_a_thousand_mistakes_are_not_all_repeated(client: httpx.AsyncClient) -> None:
    """The refusal of a large batch stays small."""
    refused = await client.post("/v1/watches/batch", content=json.dumps([{}] * 1_000), headers=JSON)
    _check(refused, 422)
    assert len(refused.json()["errors"]) == 50
