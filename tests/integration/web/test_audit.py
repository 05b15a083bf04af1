"""Who changed what is told by the log: one line a change, and none where nothing was changed."""

from typing import Any

import httpx
import pytest

from integration.web.daemon import Daemon
from jobwatchd.model.delivery import Attempt, DeliveryStatus
from jobwatchd.model.job import State

JOB = {"source": "graph", "job": {"job_id": "1964"}, "labels": {"team": "graph"}}
OTHER = {"source": "graph", "job": {"job_id": "1965"}}
ADDED = {
    "event": "api.watch_added",
    "log_level": "info",
    "by": "ci",
    "watch": 1,
    "job": "graph/1964",
    "labels": {"team": "graph"},
}
NO_EVENT = "5b2c8a0e-7a0c-5d52-9a55-0a4f8f6f3f10"


async def test_a_watch_that_is_added_is_told_once(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """Asking again changes nothing, and is not told."""
    assert [(await client.post("/v1/watches", json=JOB)).status_code for _ in range(2)] == [201, 200]
    assert daemon.log.entries == [ADDED]


async def test_each_new_watch_of_a_batch_is_told(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """Not those that were there, nor one twice that stands there twice."""
    await daemon.watch("1964")
    assert (await client.post("/v1/watches/batch", json=[JOB, OTHER, OTHER])).status_code == 200
    assert [(line["event"], line["job"], line["by"]) for line in daemon.log.entries] == [
        ("api.watch_added", "graph/1965", "ci")
    ]


async def test_a_watch_that_is_removed_is_told_once(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """With the job that it was for; there is no second time."""
    await daemon.watch("1964")
    assert [(await client.delete("/v1/watches/1")).status_code for _ in range(2)] == [204, 404]
    assert daemon.log.entries == [
        {"event": "api.watch_removed", "log_level": "info", "by": "ci", "watch": 1, "job": "graph/1964"}
    ]


async def test_a_replay_is_told_once(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """With how many were dead, and which were asked for; what is pending already is not sent again."""
    await daemon.see(await daemon.watch("1"), State.QUEUED)
    [delivery] = await daemon.store.pending_deliveries("ci", 0, 10)
    dead = Attempt("ci", delivery.position, DeliveryStatus.DEAD, 5, daemon.clock.now(), None, "400 Bad Request")
    await daemon.store.record_attempts([dead])
    ids = [delivery.event.id, NO_EVENT]
    for _ in range(2):
        await client.post("/v1/dead-letters/replay", json={"sink": "ci", "event_ids": ids})
    assert daemon.log.entries == [
        {
            "event": "api.dead_letters_replayed",
            "log_level": "info",
            "by": "ci",
            "sink": "ci",
            "replayed": 1,
            "event_ids": ids,
        }
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/watches", {"source": "nobody", "job": {"job_id": "1"}}),
        ("POST", "/v1/watches", {**JOB, "min_interval": "1ms"}),
        ("POST", "/v1/watches/batch", [JOB, {"source": "nobody", "job": {}}]),
        ("DELETE", "/v1/watches/7", None),
        ("POST", "/v1/dead-letters/replay", {"sink": "ci", "event_ids": [NO_EVENT]}),
        ("GET", "/v1/watches", None),
    ],
)
async def test_what_changes_nothing_is_not_told(
    client: httpx.AsyncClient, daemon: Daemon, method: str, path: str, body: Any
) -> None:
    """Refusals, questions, and what has nothing to do."""
    await client.request(method, path, json=body)
    assert daemon.log.entries == []


async def test_what_failed_is_not_told(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """A change that was not made is none."""
    daemon.watchlist.explodes = True
    assert (await client.post("/v1/watches", json=JOB)).status_code == 500
    assert daemon.log.entries == []


async def test_a_wrong_token_changes_nothing(stranger: httpx.AsyncClient, daemon: Daemon) -> None:
    """The gate refuses before anything is told."""
    await stranger.post("/v1/watches", json=JOB, headers={"Authorization": "Bearer planted"})
    assert daemon.log.entries == []


async def test_it_is_the_token_used_that_is_named(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """Among several; the token itself is not told."""
    daemon.tokens = {"ops": "another-token", "laptop": "planted-token", "spare": "third-token"}
    await client.post("/v1/watches", json=JOB)
    assert daemon.log.entries == [{**ADDED, "by": "laptop"}]


async def test_without_tokens_nobody_is_named(stranger: httpx.AsyncClient, daemon: Daemon) -> None:
    """Where none are configured, whoever is on this machine is anonymous, whatever they say."""
    daemon.tokens.clear()
    await stranger.post("/v1/watches", json=JOB, headers={"Authorization": "Bearer ops"})
    assert daemon.log.entries == [{**ADDED, "by": "anonymous"}]
