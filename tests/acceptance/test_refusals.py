"""Events that a receiver refuses, or that nobody is there for: kept for as long as was said, then given up."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

import anyio
import pytest

from acceptance.processes import Apis, ConfigFor, RunDaemon
from acceptance.receiver import Receiver


def _config(config: dict[str, Any], url: str, *keys: str, **retry: Any) -> dict[str, Any]:
    """Return a configuration with one webhook sink, and a watch for each key."""
    hook = {"kind": "webhook", "url": url, "secrets": [], "events": ["job.*"], "retry": {"first": "50ms", **retry}}
    config["sinks"] = {"hook": hook}
    return config | {"watches": [{"source": "graph", "job": {"job_id": key}} for key in keys]}


@pytest.fixture(params=[404, *(pytest.param(status, marks=pytest.mark.slow) for status in (401, 413))])
def refusing(receiver: Receiver, request: pytest.FixtureRequest) -> Any:
    """Return the receiver, set to refuse what is poisoned."""
    receiver.status = request.param
    return receiver


async def test_a_refusal_is_not_final_before_its_time_and_can_be_replayed(
    apis: Apis, refusing: Any, run_daemon: RunDaemon, config_for: ConfigFor, until: Callable[..., Any]
) -> None:
    """However often it was refused meanwhile; a person has it sent again once the receiver is repaired."""
    receiver = refusing
    [key] = apis.add(apis.nebula, count=1, phases=[(0, 1)])
    subject = f"graph/{key}"
    receiver.poisoned = {subject}
    daemon = run_daemon(_config(config_for(apis), receiver.url, key, longest="200ms", rejections_for="4s"))
    await daemon.up()
    await daemon.logged("delivery.dead")
    tries = [line for line in daemon.lines() if line["event"] in {"delivery.failed", "delivery.dead"}]
    assert len(tries) > 5  # as many as would be enough by number
    receiver.poisoned.clear()
    for _ in range(100):  # that it is dead is written a moment after it is logged
        if (await daemon.post("/v1/dead-letters/replay", {"type": ["job.running"]}))["replayed"] == 1:
            break
        await anyio.sleep(0.05)
    await until("it is told", lambda: receiver.taken.get(subject) == ["job.running"])


@pytest.mark.slow
async def test_a_days_retry_after_or_a_clock_that_was_wrong_stops_nothing(
    apis: Apis, receiver: Receiver, run_daemon: RunDaemon, config_for: ConfigFor, until: Callable[..., Any]
) -> None:
    """The longest back-off bounds what a receiver asks for, and what the store says after a restart."""
    [key] = apis.add(apis.nebula, count=1, phases=[(0, 1)])
    subject = f"graph/{key}"
    receiver.status, receiver.headers, receiver.poisoned = 503, {"Retry-After": "86400"}, {subject}
    daemon = run_daemon(_config(config_for(apis), receiver.url, key, longest="2s"))
    await daemon.up()
    await until("it is tried again", lambda: receiver.tries[subject] >= 2)
    line = await daemon.logged("delivery.failed")
    promised_s = (datetime.fromisoformat(line["next_attempt_at"]) - datetime.fromisoformat(line["timestamp"])).seconds
    assert promised_s <= 2
    daemon.kill()
    connection = sqlite3.connect(daemon.database)
    with connection:
        done = connection.execute("UPDATE deliveries SET next_attempt_at = next_attempt_at + 86400 * 1000000")
        assert done.rowcount == 1
    connection.close()
    receiver.poisoned.clear()
    await daemon.up()
    await until("it is told", lambda: receiver.taken.get(subject) == ["job.running"])


@pytest.mark.slow
async def test_what_waits_for_a_sink_that_is_gone_is_dropped_in_time(
    apis: Apis, receiver: Receiver, run_daemon: RunDaemon, config_for: ConfigFor, until: Callable[..., Any]
) -> None:
    """It is shown as missing until then; the log says how much was dropped."""
    [key] = apis.add(apis.nebula, count=1, phases=[(0, 1)])
    receiver.poisoned = {f"graph/{key}"}
    daemon = run_daemon(_config(config_for(apis), receiver.url, key))
    await daemon.up()
    await until("it was tried", receiver.tries.total)
    config = _config(config_for(apis), receiver.url, key) | {"sinks": {}}
    config["store"] = {"url": f"sqlite:///{daemon.database}", "keep_undeliverable": "1s"}
    daemon.configure(config)
    await daemon.reload()
    assert (await daemon.logged("sink.dropped"))["deliveries"] == 1
    assert (await daemon.get("/v1/status"))["sinks"] == []
