"""SIGHUP to the real process: what changes does so without loss, and what cannot work changes nothing."""

from typing import Any

import pytest

from acceptance.hook import RunHook
from acceptance.processes import Apis, ConfigFor, RunDaemon


def _watch(key: str) -> dict[str, Any]:
    return {"source": "graph", "job": {"job_id": key}}


async def test_a_watch_and_a_sink_come_with_a_reload(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """The new sink is told what happens from then on, of the new watch and of those that were there."""
    hook = await run_hook()
    old, new = apis.add(apis.nebula, count=2, phases=[(0, 1)])
    daemon = run_daemon(config_for(apis) | {"watches": [_watch(old)]})
    await daemon.up()
    await daemon.logged("task.running", key=f"graph/{old}")
    daemon.configure(config_for(apis, hook) | {"watches": [_watch(old), _watch(new)]})
    assert (await daemon.reload())["event"] == "reload.done"
    await daemon.logged("task.running", key=f"graph/{new}")
    for key in (old, new):
        apis.cancel(key)
        await daemon.logged("job.cancelled", key=f"graph/{key}")
    await daemon.delivered()
    first, second = (hook.types(f"graph/{key}") for key in (old, new))
    assert {"job.running", "task.running"} & set(first) == set()
    assert second[:2] == ["job.running", "task.running"]
    assert first[-1] == second[-1] == "job.cancelled"


async def test_a_watch_goes_with_a_reload(apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor) -> None:
    """What the file no longer names is watched no longer; what came through the API stays."""
    gone, kept, asked = apis.add(apis.nebula, count=3, phases=[(0, 1)])
    daemon = run_daemon(config_for(apis) | {"watches": [_watch(gone), _watch(kept)]})
    await daemon.up()
    await daemon.post("/v1/watches", _watch(asked))
    daemon.configure(config_for(apis) | {"watches": [_watch(kept)]})
    await daemon.reload()
    watches = (await daemon.get("/v1/watches"))["items"]
    assert [watch["key"] for watch in watches] == [f"graph/{kept}", f"graph/{asked}"]


@pytest.mark.slow
async def test_limits_change_with_a_reload(apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor) -> None:
    """A lane that may poll twice an hour polls as it likes from the reload on."""
    keys = apis.add(apis.nebula, count=5, phases=[(0, 1)])
    daemon = run_daemon(config_for(apis, rate="2/h"))
    await daemon.up()
    await daemon.post("/v1/watches/batch", [_watch(key) for key in keys])
    await daemon.logged("job.running")
    assert len([line for line in daemon.lines() if line["event"] == "job.running"]) == 1
    daemon.configure(config_for(apis, rate="500/s"))
    await daemon.reload()
    for key in keys:
        await daemon.logged("job.running", key=f"graph/{key}")


async def test_a_broken_file_is_refused_and_nothing_changes(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """Each mistake is logged; polls and deliveries go on as the old file says, also for new watches."""
    hook = await run_hook()
    [old] = apis.add(apis.nebula, phases=[(0, 1)])
    [new] = apis.add(apis.telestream, phases=[(0, "succeeded")])
    daemon = run_daemon(config_for(apis, hook) | {"watches": [_watch(old)]})
    await daemon.up()
    await daemon.logged("job.running")
    broken = config_for(apis, hook)
    broken["sources"]["graph"]["poll"]["min_interval"] = "often"
    broken["sinks"]["hook"]["urll"] = broken["sinks"]["hook"].pop("url")
    daemon.configure(broken)
    refused = await daemon.reload()
    assert (refused["event"], refused["level"]) == ("reload.refused", "error")
    problems = [line["problem"] for line in daemon.lines() if line["event"] == "reload.refused"]
    for place in ("sources.graph.poll.min_interval", "sinks.hook.urll", "sinks.hook.url:"):
        assert any(place in problem and str(daemon.config) in problem for problem in problems), problems
    space, workflow, job = new.split("/")
    wanted = {"source": "media", "job": {"space_id": space, "workflow_id": workflow, "job_id": job}}
    await daemon.post("/v1/watches", wanted)
    await daemon.logged("job.succeeded", key=f"media/{new}")
    apis.cancel(old)
    await daemon.logged("job.cancelled", key=f"graph/{old}")
    await daemon.delivered()
    assert hook.types(f"graph/{old}")[-1] == "job.cancelled"
    assert hook.types(f"media/{new}") == ["job.succeeded"]
    assert (await daemon.get("/readyz"))["status"] == "ok"


@pytest.mark.slow
async def test_a_file_that_is_no_yaml_is_refused(apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor) -> None:
    """Half a file, as an editor leaves it for a moment, does not end the daemon."""
    daemon = run_daemon(config_for(apis))
    await daemon.up()
    daemon.config.write_text("sources: {graph: {kind: nebula-expl")
    assert (await daemon.reload())["event"] == "reload.refused"
    daemon.config.unlink()
    assert (await daemon.reload())["event"] == "reload.refused"
    assert (await daemon.get("/readyz"))["status"] == "ok"


@pytest.mark.slow
async def test_a_new_url_takes_over_what_the_old_one_would_not_take(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """Deliveries that wait when the URL is replaced all arrive at the new one, once, in order."""
    down, well = await run_hook(), await run_hook()
    down.state.go_down(3600)
    keys = apis.add(apis.nebula, count=10, phases=[(0, 0), (0.5, 1), (1, 2)])
    daemon = run_daemon(config_for(apis, down) | {"watches": [_watch(key) for key in keys]})
    await daemon.up()
    for key in keys:
        await daemon.logged("job.succeeded", key=f"graph/{key}")
    daemon.configure(config_for(apis, well) | {"watches": [_watch(key) for key in keys]})
    await daemon.reload()
    await daemon.delivered()
    assert down.state.attempts
    assert down.state.received == {}
    told = [each.id for each in sorted(well.state.received.values(), key=lambda each: (each.subject, each.sequence))]
    events = sorted(await daemon.events(), key=lambda each: (each["key"], each["sequence"]))
    assert told == [each["id"] for each in events]
    for received in well.state.by_subject().values():
        assert [each.sequence for each in received] == list(range(1, len(received) + 1))
    assert set(well.state.taken.values()) == {1}
