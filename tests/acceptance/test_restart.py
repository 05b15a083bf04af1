"""What a restart, and `kill -9`, do to the watches of the file and of the API."""

from collections.abc import Callable
from typing import Any

import pytest

from acceptance.hook import RunHook
from acceptance.processes import Apis, ConfigFor, RunDaemon


def _polls(apis: Apis) -> int:
    polls: int = apis.truth(apis.nebula)["calls"]["job"]
    return polls


def _watch(key: str, **fields: Any) -> dict[str, Any]:
    return {"source": "graph", "job": {"job_id": key}, **fields}


async def test_a_watch_from_the_api_survives_kill_9(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """An answer that it was added is a promise: killed the moment after, the daemon still tells how the job ends."""
    hook = await run_hook()
    [key] = apis.add(apis.nebula, phases=[(0, 1)])
    daemon = run_daemon(config_for(apis, hook))
    await daemon.up()
    added = await daemon.post("/v1/watches", _watch(key, labels={"team": "graph"}))
    daemon.kill()
    await daemon.up()
    watch = await daemon.get(f"/v1/watches/{added['id']}")
    assert (watch["key"], watch["labels"], watch["origin"]) == (f"graph/{key}", {"team": "graph"}, "api")
    apis.cancel(key)
    await daemon.logged("job.cancelled")
    await daemon.delivered()
    assert hook.types(f"graph/{key}")[-1] == "job.cancelled"


@pytest.mark.slow
async def test_the_file_decides_on_its_own_watches_at_the_start(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """What the file no longer has is removed, what it changed is changed, what came through the API stays."""
    gone, kept, asked = apis.add(apis.nebula, count=3, phases=[(0, 1)])
    daemon = run_daemon(config_for(apis) | {"watches": [_watch(gone), _watch(kept)]})
    await daemon.up()
    await daemon.post("/v1/watches", _watch(asked))
    assert await daemon.stop() == 0
    daemon.configure(config_for(apis) | {"watches": [_watch(kept, labels={"team": "graph"})]})
    await daemon.up()
    watches = (await daemon.get("/v1/watches"))["items"]
    assert [(watch["key"], watch["labels"]) for watch in watches] == [
        (f"graph/{kept}", {"team": "graph"}),
        (f"graph/{asked}", {}),
    ]


async def test_a_restart_tells_nothing_twice(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor, until: Callable[..., Any]
) -> None:
    """Ended jobs stay ended, and running ones are not found anew."""
    hook = await run_hook()
    [ended] = apis.add(apis.nebula, phases=[(0, 2)])
    [running] = apis.add(apis.nebula, phases=[(0, 1)])
    daemon = run_daemon(config_for(apis, hook) | {"watches": [_watch(ended), _watch(running)]})
    await daemon.up()
    await daemon.logged("job.succeeded")
    await daemon.logged("task.running")
    await daemon.delivered()
    told = await daemon.events()
    daemon.kill()
    polls = _polls(apis)
    await daemon.up()
    await until("some more polls", lambda: _polls(apis) > polls + 2)
    assert await daemon.events() == told
    assert set(hook.state.taken.values()) == {1}
    assert await daemon.stop() == 0
