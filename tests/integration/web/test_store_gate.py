"""What a request may expect of a store that cannot be used."""

import httpx
import pytest

from integration.web.daemon import Daemon
from jobwatchd.errors import StoreBusy
from jobwatchd.ports import STORE_PATIENCE_S
from jobwatchd.web import bounds


@pytest.mark.parametrize("path", ["/v1/watches", "/v1/events", "/v1/status", "/v1/dead-letters"])
async def test_a_daemon_that_starts_refuses_requests(client: httpx.AsyncClient, daemon: Daemon, path: str) -> None:
    """Nothing is added that nobody would poll; the refusal says why, and when to ask again."""
    daemon.heartbeats.ready = daemon.heartbeats.started = False
    daemon.heartbeats.waits = ["The disk is full."]
    refused = await client.get(path)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.json()["detail"] == "The daemon is starting. The disk is full."
    daemon.heartbeats.started = True
    assert (await client.get(path)).status_code == 200


async def test_who_may_not_ask_is_told_nothing_of_it(stranger: httpx.AsyncClient, daemon: Daemon) -> None:
    """The token comes first."""
    daemon.heartbeats.started = False
    assert (await stranger.get("/v1/watches")).status_code == 401


async def test_a_request_waits_for_seconds_only(
    client: httpx.AsyncClient, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so to the store, which then gives up; the refusal has the reason."""
    patience: list[float] = []

    async def refuse(*_arguments: object) -> None:
        patience.append(STORE_PATIENCE_S.get())
        raise StoreBusy("store jw.db is locked by another process")

    monkeypatch.setattr(daemon.store, "add_watches", refuse)
    refused = await client.post("/v1/watches", json={"source": "graph", "job": {"job_id": "1"}})
    assert patience == [bounds.STORE_WAIT_S]
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"] == "store jw.db is locked by another process"
