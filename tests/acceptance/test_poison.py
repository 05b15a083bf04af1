"""A receiver that never takes the events of many jobs, or that wants none at all."""

from collections.abc import Callable
from typing import Any

import pytest

from acceptance.processes import Apis, ConfigFor, RunDaemon
from acceptance.receiver import Receiver


@pytest.fixture(params=[pytest.param(500, marks=pytest.mark.slow), 0])
def silent_or_not(receiver: Receiver, request: pytest.FixtureRequest) -> Any:
    """Return the receiver, set to refuse what is poisoned, or to keep silent."""
    receiver.status = request.param
    return receiver


def _config(config: dict[str, Any], receiver: Receiver, *keys: str) -> dict[str, Any]:
    config["sinks"] = {"hook": {"kind": "webhook", "url": receiver.url, "secrets": [], "timeout": "20s"}}
    return config | {"watches": [{"source": "graph", "job": {"job_id": key}} for key in keys]}


async def test_a_hundred_poisonous_jobs_delay_no_other(
    apis: Apis, silent_or_not: Any, run_daemon: RunDaemon, config_for: ConfigFor, until: Callable[..., Any]
) -> None:
    """From the start and after a restart, whether the receiver refuses them or keeps silent."""
    receiver = silent_or_not
    poisoned = apis.add(apis.nebula, count=100, phases=[(0, 1)])
    receiver.poisoned = {f"graph/{key}" for key in poisoned}
    first = apis.add(apis.nebula, count=10, phases=[(0, 1), (2, 2)])
    daemon = run_daemon(_config(config_for(apis), receiver, *poisoned, *first))
    await daemon.up()
    await until("all are told whose events are taken", lambda: receiver.has_ended(*(f"graph/{key}" for key in first)))
    await until("all others were tried", lambda: receiver.tries.keys() >= receiver.poisoned)
    daemon.kill()
    then = apis.add(apis.nebula, count=10, phases=[(0, 1), (2, 2)])
    daemon.configure(_config(config_for(apis), receiver, *poisoned, *first, *then))
    await daemon.up()
    await until("all are told whose events are taken", lambda: receiver.has_ended(*(f"graph/{key}" for key in then)))
    [hook] = (await daemon.get("/v1/status"))["sinks"]
    assert hook["pending"] >= 100
    assert receiver.taken.keys().isdisjoint(receiver.poisoned)


async def test_a_receiver_that_wants_no_more_is_shown_and_goes_on_after_a_reload(
    apis: Apis, receiver: Receiver, run_daemon: RunDaemon, config_for: ConfigFor, until: Callable[..., Any]
) -> None:
    """Also where nothing of the file has changed; or it is enabled by name."""
    [one, other] = apis.add(apis.nebula, count=2, phases=[(0, 1), (0.5, 2)])
    receiver.status, receiver.poisoned = 410, {f"graph/{one}", f"graph/{other}"}
    daemon = run_daemon(_config(config_for(apis), receiver, one))
    await daemon.up()
    await daemon.logged("sink.disabled")
    [hook] = (await daemon.get("/v1/status"))["sinks"]
    assert (hook["state"], hook["reason"].partition(" answered ")[2]) == ("disabled", "410; it wants no more events")
    receiver.poisoned.discard(f"graph/{one}")
    await daemon.reload()
    await until("what waited is told", lambda: receiver.has_ended(f"graph/{one}"))
    await daemon.post("/v1/watches", {"source": "graph", "job": {"job_id": other}})
    await until("it is off again", lambda: [line["event"] for line in daemon.lines()].count("sink.disabled") == 2)
    receiver.poisoned.clear()
    assert await daemon.post("/v1/sinks/hook/enable", {}) == {"name": "hook", "enabled": True}
    await until("what waited is told", lambda: receiver.has_ended(f"graph/{other}"))
    [hook] = (await daemon.get("/v1/status"))["sinks"]
    assert hook["state"] == "ok"
