"""How sinks fare, and how they are turned on again."""

from datetime import datetime, timedelta

import httpx
import pytest

from integration.web.daemon import Daemon
from jobwatchd.model.delivery import Attempt, DeliveryStatus, SinkCondition, SinkState
from jobwatchd.model.job import State


@pytest.fixture
async def off(daemon: Daemon) -> datetime:
    """Let the sink `hook` be off, and events wait for `ci`, which is not configured."""
    await daemon.see(await daemon.watch("1"), State.QUEUED, State.RUNNING)
    now: datetime = daemon.clock.now()
    daemon.sinks.found = {
        "hook": SinkState("hook", SinkCondition.DISABLED, now, "ci.example.com answered 410"),
        "log": SinkState("log"),
    }
    return now


def shown(name: str, state: str = "ok", **facts: object) -> dict[str, object]:
    """Return what the status says of a sink."""
    empty = {"configured": True, "since": None, "reason": None, "pending": 0, "dead": 0, "oldest_at": None}
    return {"name": name, "state": state, **empty, **facts}


async def test_status_shows_all_sinks(client: httpx.AsyncClient, daemon: Daemon, off: datetime) -> None:
    """Those that are well, those that are off, and those that are gone though events wait for them."""
    since = off - timedelta(days=1)
    await daemon.store.mark_missing(["ci"], since)
    at, missing_at = (each.isoformat().replace("+00:00", "Z") for each in (off, since))
    assert (await client.get("/v1/status")).json()["sinks"] == [
        shown("ci", "missing", configured=False, since=missing_at, pending=2, oldest_at=at),
        shown("hook", "disabled", since=at, reason="ci.example.com answered 410"),
        shown("log"),
    ]


async def test_status_counts_dead_letters(client: httpx.AsyncClient, daemon: Daemon, off: datetime) -> None:
    """How many wait, and how many were given up."""
    daemon.sinks.found["ci"] = SinkState("ci")
    first, _ = await daemon.store.pending_deliveries("ci", 0, 9)
    await daemon.store.record_attempts([Attempt("ci", first.position, DeliveryStatus.DEAD, 5, off, None, "400")])
    [ci, *_] = (await client.get("/v1/status")).json()["sinks"]
    assert (ci["configured"], ci["pending"], ci["dead"]) == (True, 1, 1)


async def test_a_sink_is_enabled(client: httpx.AsyncClient, daemon: Daemon, off: datetime) -> None:
    """It is said whether it was off, and logged with who did it; doing it again changes nothing, and is not."""
    done = [(await client.post("/v1/sinks/hook/enable")).json() for _ in range(2)]
    assert done == [{"name": "hook", "enabled": True}, {"name": "hook", "enabled": False}]
    assert daemon.log.entries == [{"event": "api.sink_enabled", "log_level": "info", "by": "ci", "sink": "hook"}]


async def test_an_unknown_sink_cannot_be_enabled(client: httpx.AsyncClient, off: datetime) -> None:
    """Also where events wait for it."""
    refused = await client.post("/v1/sinks/ci/enable")
    assert (refused.status_code, refused.json()["detail"]) == (404, "There is no sink ci.")


async def test_only_those_with_a_token_enable_sinks(stranger: httpx.AsyncClient, daemon: Daemon, off: datetime) -> None:
    """Nothing happens without one."""
    assert (await stranger.post("/v1/sinks/hook/enable")).status_code == 401
    assert daemon.sinks.found["hook"].condition is SinkCondition.DISABLED
