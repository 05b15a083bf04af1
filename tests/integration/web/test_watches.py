"""Watches are added, listed, shown and removed through the API."""

from typing import Any

import httpx
import pytest

from integration.web.daemon import Daemon
from jobwatchd.model.job import State
from jobwatchd.model.watch import Policy

JOB = {"source": "graph", "job": {"job_id": "1964"}}


async def test_a_new_watch_is_created_where_it_says(client: httpx.AsyncClient) -> None:
    """A job that nobody watched yet gets 201 and the path under which its watch is found."""
    added = await client.post("/v1/watches", json=JOB)
    assert added.status_code == 201
    shown = await client.get(added.headers["location"])
    assert (shown.json()["key"], shown.json()["job"], shown.json()["state"]) == ("graph/1964", ["1964"], None)


async def test_adding_again_changes_nothing(client: httpx.AsyncClient) -> None:
    """The second request for a job gets 200 and the first watch, whatever else it asks for."""
    first = await client.post("/v1/watches", json={**JOB, "labels": {"team": "graph"}})
    second = await client.post("/v1/watches", json={**JOB, "labels": {"team": "other"}, "deadline": "1h"})
    assert second.status_code == 200
    assert second.json() == first.json()
    assert second.headers["location"] == first.headers["location"]


async def test_a_number_may_name_a_job(client: httpx.AsyncClient) -> None:
    """A job parameter given as a JSON number is the same job as the one given as text."""
    first = await client.post("/v1/watches", json=JOB)
    second = await client.post("/v1/watches", json={"source": "graph", "job": {"job_id": 1964}})
    assert second.json()["id"] == first.json()["id"]


async def test_policy_is_kept(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """Durations with units, labels and a silent start reach the store."""
    wanted = {"labels": {"team": "a"}, "deadline": "6h", "min_interval": "250ms", "max_interval": "1.5m"}
    added = (await client.post("/v1/watches", json={**JOB, **wanted, "initial": "silent"})).json()
    assert (await daemon.stored(added["id"])).policy == Policy(21_600.0, 0.25, 90.0, silent_start=True)
    assert (added["deadline_s"], added["initial"], added["labels"]) == (21_600.0, "silent", {"team": "a"})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"deadline": "6"}, "deadline"),
        ({"deadline": "0s"}, "deadline"),
        ({"deadline": 6}, "deadline"),
        ({"deadline": "999999999999d"}, "deadline"),
        ({"min_interval": "2m", "max_interval": "1m"}, ""),
        ({"job": {}}, "job"),
        ({"job": {"job_id": True}}, "job.job_id"),
        ({"job": {"job_id": 2**63}}, "job.job_id"),
        ({"job": {"job_id": None}}, "job.job_id"),
        ({"labels": {"team": "a\x00b"}}, "labels.team"),
        ({"labels": {"9": "a"}}, "labels.9.[key]"),
        ({"initial": "loud"}, "initial"),
        ({"surprise": 1}, "surprise"),
        ({"source": ""}, "source"),
    ],
)
async def test_what_does_not_fit_is_named(client: httpx.AsyncClient, change: dict[str, Any], field: str) -> None:
    """A request with one wrong field gets 422 with that field's name."""
    refused = await client.post("/v1/watches", json={**JOB, **change})
    assert refused.status_code == 422
    assert (refused.json()["errors"][0]["location"], refused.json()["errors"][0]["field"]) == ("body", field)


@pytest.mark.parametrize(
    "wanted", [{**JOB, "source": "other"}, {**JOB, "job": {"id": "1"}}, {**JOB, "job": {"job_id": ".."}}]
)
async def test_a_job_that_no_source_can_have_is_refused(client: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    """An unknown source, and parameters that are not the source's, get 422 with what was expected."""
    refused = await client.post("/v1/watches", json=wanted)
    assert refused.status_code == 422
    assert refused.json()["detail"]


async def test_a_batch_says_for_each_whether_it_is_new(client: httpx.AsyncClient) -> None:
    """A batch answers in the order of the request, also for the same job twice."""
    wanted = [{"source": "graph", "job": {"job_id": job}} for job in ("1", "2", "1")]
    added = await client.post("/v1/watches/batch", json=wanted)
    assert added.status_code == 200
    assert [(item["watch"]["key"], item["created"]) for item in added.json()["items"]] == [
        ("graph/1", True),
        ("graph/2", True),
        ("graph/1", False),
    ]


async def test_a_batch_with_one_misfit_adds_nothing(client: httpx.AsyncClient) -> None:
    """One job that does not fit refuses the whole batch, and says which one it is."""
    refused = await client.post("/v1/watches/batch", json=[JOB, {**JOB, "source": "other"}])
    assert refused.status_code == 422
    assert "item 1" in refused.json()["errors"][0]["detail"]
    assert (await client.get("/v1/watches")).json()["items"] == []


@pytest.mark.parametrize("size", [0, 1_001])
async def test_a_batch_is_bounded(client: httpx.AsyncClient, size: int) -> None:
    """Neither nothing nor more than a thousand watches are a batch."""
    assert (await client.post("/v1/watches/batch", json=[JOB] * size)).status_code == 422


async def test_pages_follow_each_other(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """Following `next` yields every watch once, and ends."""
    ids = [(await daemon.watch(str(job))).id for job in range(5)]
    seen, after = [], 0
    while after is not None:
        page = (await client.get("/v1/watches", params={"limit": 2, "after": after})).json()
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
    assert seen == ids


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "running"}, ["graph/2"]),
        ({"active": "true"}, ["graph/1", "graph/2"]),
        ({"active": "false"}, ["graph/3"]),
        ({"label": "team=a"}, ["graph/1", "graph/2"]),
        ({"label": ["team=a", "tier=x=y"]}, ["graph/2"]),
        ({"source": "media"}, []),
        ({"key": "graph/3"}, ["graph/3"]),
        ({"key": "graph/4"}, []),
    ],
)
async def test_filters(client: httpx.AsyncClient, daemon: Daemon, query: dict[str, Any], expected: list[str]) -> None:
    """Each filter keeps the watches that it says."""
    await daemon.watch("1", labels={"team": "a"})
    await daemon.see(await daemon.watch("2", labels={"team": "a", "tier": "x=y"}), State.RUNNING)
    await daemon.see(await daemon.watch("3"), State.FAILED)
    page = (await client.get("/v1/watches", params=query)).json()
    assert [item["key"] for item in page["items"]] == expected


async def test_a_mistyped_filter_is_refused(client: httpx.AsyncClient) -> None:
    """A parameter that does not exist is not silently ignored: it would list everything."""
    refused = await client.get("/v1/watches", params={"sorce": "graph"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "sorce")


async def test_history_is_told_newest_first(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """A watch is shown with what was last seen and its own latest events, as many as asked for."""
    watch = await daemon.see(await daemon.watch("1"), State.QUEUED, State.RUNNING, State.FAILED, error="disk full")
    await daemon.see(await daemon.watch("2"), State.CANCELLED)
    shown = (await client.get(f"/v1/watches/{watch.id}", params={"history": 2})).json()
    assert [event["type"] for event in shown["history"]] == ["job.failed", "job.running"]
    assert (shown["state"], shown["observation"]["error"]) == ("failed", "disk full")


async def test_a_removed_watch_is_gone(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """Removing answers 204 once, and 404 ever after; the events stay."""
    watch = await daemon.see(await daemon.watch("1"), State.RUNNING)
    path = f"/v1/watches/{watch.id}"
    assert [(await client.delete(path)).status_code for _ in range(2)] == [204, 404]
    assert (await client.get(path)).status_code == 404
    assert len((await client.get("/v1/events")).json()["items"]) == 1
