"""Dead letters are listed and sent again."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from jobwatchd.model.delivery import Attempt, Delivery, DeliveryStatus
from jobwatchd.model.job import State


@pytest.fixture
async def dead(daemon: Any):
    """Three events that the sink `ci` would not take."""
    await daemon.see(await daemon.watch("1"), State.QUEUED, State.RUNNING, State.FAILED)
    deliveries = await daemon.store.pending_deliveries("ci", 0, 10)
    now = daemon.clock.now()
    await daemon.store.record_attempts(
        [Attempt("ci", each.position, DeliveryStatus.DEAD, 5, now, None, "400 Bad Request") for each in deliveries]
    )
    return deliveries


async def test_dead_letters_say_what_and_why(client: httpx.AsyncClient, dead: Sequence[Delivery]):
    """A dead letter names its sink, the attempts, the reason and the event."""
    [first, *_] = (await client.get("/v1/dead-letters", params={"sink": "ci"})).json()["items"]
    assert (first["sink"], first["attempts"], first["error"]) == ("ci", 5, "400 Bad Request")
    assert (first["event"]["id"], first["event"]["position"]) == (dead[0].event.id, dead[0].position)


async def test_pages_follow_each_other(client: httpx.AsyncClient, dead: Sequence[Delivery]):
    """Following `next` yields every dead letter once, and ends."""
    seen, after = [], 0
    while after is not None:
        page = (await client.get("/v1/dead-letters", params={"limit": 2, "after": after})).json()
        seen += [item["event"]["id"] for item in page["items"]]
        after = page["next"]
    assert seen == [each.event.id for each in dead]


async def test_other_sinks_have_none(client: httpx.AsyncClient, dead: Sequence[Delivery]):
    """The filter by sink keeps that sink's only."""
    assert (await client.get("/v1/dead-letters", params={"sink": "other"})).json()["items"] == []


async def test_replay_makes_them_pending_again(client: httpx.AsyncClient, daemon: Any, dead: Sequence[Delivery]):
    """What is replayed is no longer dead; replaying it again does nothing."""
    wanted = {"sink": "ci", "event_ids": [dead[0].event.id, dead[2].event.id]}
    counts = [(await client.post("/v1/dead-letters/replay", json=wanted)).json()["replayed"] for _ in range(2)]
    assert counts == [2, 0]
    assert [each.position for each in await daemon.store.pending_deliveries("ci", 0, 10)] == [
        dead[0].position,
        dead[2].position,
    ]


@pytest.mark.parametrize("ids", [[], ["no-uuid"], ["5B2C8A0E-7A0C-5D52-9A55-0A4F8F6F3F10"]])
async def test_ids_must_be_ids(client: httpx.AsyncClient, ids: list[str]):
    """Nothing, and what is no event id as we write them, cannot be replayed."""
    refused = await client.post("/v1/dead-letters/replay", json={"sink": "ci", "event_ids": ids})
    assert refused.status_code == 422


async def test_status_counts_them(client: httpx.AsyncClient, dead: Sequence[Delivery]):
    """The status says how many wait and how many are dead."""
    assert (await client.get("/v1/status")).json()["sinks"] == [
        {"name": "ci", "pending": 0, "dead": 3, "oldest_at": None}
    ]
