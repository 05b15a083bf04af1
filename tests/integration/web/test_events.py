"""Events are listed by position, and waited for."""

from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from integration.web.daemon import Daemon
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import State, Task


async def test_pages_follow_each_other(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """Following `next` yields every event once, in order; at the end `next` stays where it is."""
    await daemon.see(await daemon.watch("1"), *list(State)[:5])
    seen, after = [], 0
    while items := (page := (await client.get("/v1/events", params={"after": after, "limit": 2})).json())["items"]:
        seen += [item["type"] for item in items]
        after = page["next"]
    assert seen == ["job.queued", "job.running", "job.stopping", "job.retrying", "job.succeeded"]
    assert page["next"] == after


async def test_the_newest_come_first_on_request(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """With order=newest pages go back in time."""
    await daemon.see(await daemon.watch("1"), State.QUEUED, State.RUNNING, State.FAILED)
    first = (await client.get("/v1/events", params={"order": "newest", "limit": 2})).json()
    second = (await client.get("/v1/events", params={"order": "newest", "limit": 2, "after": first["next"]})).json()
    assert [item["state"] for item in first["items"] + second["items"]] == ["failed", "running", "queued"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"type": "job.failed"}, ["job.failed"]),
        ({"type": ["job.failed", "job.queued"]}, ["job.queued", "job.failed"]),
        ({"watch_id": 2}, ["job.running"]),
        ({"source": "media"}, []),
    ],
)
async def test_filters(client: httpx.AsyncClient, daemon: Daemon, query: dict[str, Any], expected: list[str]) -> None:
    """Each filter keeps the events that it says."""
    await daemon.see(await daemon.watch("1"), State.QUEUED, State.FAILED)
    await daemon.see(await daemon.watch("2"), State.RUNNING)
    page = (await client.get("/v1/events", params=query)).json()
    assert [item["type"] for item in page["items"]] == expected


async def test_an_event_tells_all_there_is(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """The job, what it is a run of, its labels and times are in the event."""
    at = daemon.clock.now()
    facts = JobFacts("pagerank", "7", "ranks", 40.0, started_at=at, url="https://graph.example.com/7")
    watch = await daemon.see(await daemon.watch("a/b", labels={"team": "x"}), State.RUNNING, facts=facts)
    [event] = (await client.get("/v1/events")).json()["items"]
    expected = {
        "source": "graph",
        "key": "graph/a%2Fb",
        "job": ["a/b"],
        "watch_id": watch.id,
        "sequence": 1,
        "state": "running",
        "previous_state": None,
        "native_state": "running",
        "occurred_at": "2026-01-01T00:00:00Z",
        "detection_delay_s": 0.0,
        "labels": {"team": "x"},
        "name": "pagerank",
        "url": "https://graph.example.com/7",
        "workflow": {"id": "7", "name": "ranks"},
        "progress": 40.0,
        "task": None,
    }
    assert expected.items() <= event.items()


async def test_a_task_is_told_whole(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """The event of a task carries the task's own id, name and state."""
    task = Task("t1", State.RUNNING, "run", name="load")
    await daemon.see(await daemon.watch("1"), State.RUNNING, tasks=(task,))
    page = (await client.get("/v1/events", params={"type": "task.running"})).json()
    assert page["items"][0]["task"] == {
        "id": "t1",
        "name": "load",
        "state": "running",
        "native_state": "run",
        "started_at": None,
        "finished_at": None,
    }


async def test_waiting_ends_when_the_time_is_up(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """Where nothing happens, the empty page comes after the time asked for."""
    page = (await client.get("/v1/events", params={"after": 7, "wait": "30s"})).json()
    assert page == {"items": [], "next": 7}
    assert sum(daemon.clock.sleeps) == 30


async def test_waiting_is_bounded(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """Nobody can wait longer than a minute."""
    await client.get("/v1/events", params={"wait": "3600s"})
    assert sum(daemon.clock.sleeps) == 60


async def test_without_waiting_the_answer_comes_at_once(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """An empty page is the answer where no wait was asked for."""
    assert (await client.get("/v1/events")).json()["items"] == []
    assert daemon.clock.sleeps == []


async def test_waiting_ends_as_soon_as_something_is_there(
    client: httpx.AsyncClient, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that happens while a client waits is told then, not when the time is up."""
    watch = await daemon.watch("1")
    real_sleep = daemon.clock.sleep

    async def sleep(delay_s: float) -> None:
        await real_sleep(delay_s)
        if len(daemon.clock.sleeps) == 3:
            await daemon.see(watch, State.FAILED)

    monkeypatch.setattr(daemon.clock, "sleep", sleep)
    page = (await client.get("/v1/events", params={"wait": "60s"})).json()
    assert [item["type"] for item in page["items"]] == ["job.failed"]
    assert len(daemon.clock.sleeps) == 3


async def test_waiting_ends_when_the_daemon_stops(
    client: httpx.AsyncClient, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shutdown answers those who wait, rather than being held up by them."""

    async def sleep(delay_s: float) -> None:
        daemon.heartbeats.ready = False
        await anyio.lowlevel.checkpoint()

    monkeypatch.setattr(daemon.clock, "sleep", sleep)  # time stands still: nothing else could end the wait
    with anyio.fail_after(10):
        page = (await client.get("/v1/events", params={"wait": "60s"})).json()
    assert page["items"] == []
