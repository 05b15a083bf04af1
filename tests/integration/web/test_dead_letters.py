"""Dead letters are listed and sent again."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from integration.web.daemon import Daemon
from jobwatchd.model.delivery import Attempt, Delivery, DeliveryStatus
from jobwatchd.model.job import State


@pytest.fixture
async def dead(daemon: Daemon) -> Sequence[Delivery]:
    """Three events that the sink `ci` would not take."""
    await daemon.see(await daemon.watch("1"), State.QUEUED, State.RUNNING, State.FAILED)
    deliveries: Sequence[Delivery] = await daemon.store.pending_deliveries("ci", 0, 10)
    now = daemon.clock.now()
    await daemon.store.record_attempts(
        [Attempt("ci", each.position, DeliveryStatus.DEAD, 5, now, None, "400 Bad Request") for each in deliveries]
    )
    return deliveries


async def test_dead_letters_say_what_and_why(client: httpx.AsyncClient, dead: Sequence[Delivery]) -> None:
    """A dead letter names its sink, the attempts, the reason and the event."""
    [first, *_] = (await client.get("/v1/dead-letters", params={"sink": "ci"})).json()["items"]
    assert (first["sink"], first["attempts"], first["error"]) == ("ci", 5, "400 Bad Request")
    assert (first["event"]["id"], first["event"]["position"]) == (dead[0].event.id, dead[0].position)


async def test_pages_follow_each_other(client: httpx.AsyncClient, dead: Sequence[Delivery]) -> None:
    """Following `next` yields every dead letter once, and ends."""
    seen, after = [], 0
    while after is not None:
        page = (await client.get("/v1/dead-letters", params={"limit": 2, "after": after})).json()
        seen += [item["event"]["id"] for item in page["items"]]
        after = page["next"]
    assert seen == [each.event.id for each in dead]


async def test_other_sinks_have_none(client: httpx.AsyncClient, dead: Sequence[Delivery]) -> None:
    """The filter by sink keeps that sink's only."""
    assert (await client.get("/v1/dead-letters", params={"sink": "other"})).json()["items"] == []


async def test_replay_makes_them_pending_again(
    client: httpx.AsyncClient, daemon: Daemon, dead: Sequence[Delivery]
) -> None:
    """What is replayed is no longer dead; replaying it again does nothing."""
    wanted = {"sink": "ci", "event_ids": [dead[0].event.id, dead[2].event.id]}
    counts = [(await client.post("/v1/dead-letters/replay", json=wanted)).json()["replayed"] for _ in range(2)]
    assert counts == [2, 0]
    assert [each.position for each in await daemon.store.pending_deliveries("ci", 0, 10)] == [
        dead[0].position,
        dead[2].position,
    ]


async def test_replay_wakes_the_sinks_and_is_logged(
    client: httpx.AsyncClient, daemon: Daemon, dead: Sequence[Delivery]
) -> None:
    """What is pending again is sent at once, and who reads the log knows of it; nothing replayed is nothing to say."""
    for _ in range(2):
        await client.post("/v1/dead-letters/replay", json={"sink": "ci", "type": ["job.failed"]})
    assert daemon.sinks.rescans == 1
    [line] = daemon.log.entries
    assert line == {
        "event": "api.dead_letters_replayed",
        "log_level": "info",
        "by": "ci",
        "replayed": 1,
        "sink": "ci",
        "type": ["job.failed"],
    }


@pytest.mark.parametrize(
    ("choice", "states"),
    [
        ({"type": ["job.failed", "job.queued"]}, ["queued", "failed"]),
        ({"source": "graph"}, ["queued", "running", "failed"]),
        ({"source": "media"}, []),
        ({"watch_id": 1, "after": 1}, ["running", "failed"]),
    ],
)
async def test_the_same_filters_hold_for_listing_and_replaying(
    client: httpx.AsyncClient, dead: Sequence[Delivery], choice: dict[str, Any], states: list[str]
) -> None:
    """What is listed with them is what is sent again."""
    listed = (await client.get("/v1/dead-letters", params=choice)).json()
    assert [item["event"]["state"] for item in listed["items"]] == states
    replayed = (await client.post("/v1/dead-letters/replay", json=choice)).json()
    assert replayed == {"replayed": len(states), "next": None}


async def test_all_are_replayed_page_by_page(client: httpx.AsyncClient, dead: Sequence[Delivery]) -> None:
    """One request does what one transaction should; `next` says how to go on."""
    pages, after = [], 0
    while after is not None:
        page = (await client.post("/v1/dead-letters/replay", json={"all": True, "limit": 2, "after": after})).json()
        pages.append(page["replayed"])
        after = page["next"]
    assert pages == [2, 1]


@pytest.mark.parametrize("choice", [{}, {"all": False}, {"type": []}, {"after": 3}, {"limit": 10}])
async def test_a_replay_says_which(client: httpx.AsyncClient, dead: Sequence[Delivery], choice: dict[str, Any]) -> None:
    """Everything is sent again only where that was asked for by name."""
    refused = await client.post("/v1/dead-letters/replay", json=choice)
    assert refused.status_code == 422
    assert "all: true" in refused.text


@pytest.mark.parametrize("ids", [[], ["no-uuid"], ["5B2C8A0E-7A0C-5D52-9A55-0A4F8F6F3F10"]])
async def test_ids_must_be_ids(client: httpx.AsyncClient, ids: list[str]) -> None:
    """Nothing, and what is no event id as we write them, cannot be replayed."""
    refused = await client.post("/v1/dead-letters/replay", json={"sink": "ci", "event_ids": ids})
    assert refused.status_code == 422
