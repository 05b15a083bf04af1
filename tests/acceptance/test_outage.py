"""A side that does not answer: it is told as what it is, and holds up nobody else."""

import signal
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from acceptance.hook import RunHook
from acceptance.processes import Apis, ConfigFor, RunDaemon


async def test_an_outage_is_told_once_and_taken_for_no_jobs_end(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """Both APIs hang for some seconds: each is told once as unreachable, once as recovered, and no job as ended."""
    hook = await run_hook()
    graph = apis.add(apis.nebula, count=20, phases=[(0, 1)])
    media = apis.add(apis.telestream, count=20, phases=[(0, "in-process")])
    config = config_for(apis, hook, unreachable_after="1s", lost_after={"not_found": 3, "grace": "1s"})
    for source in config["sources"].values():
        source["timeout"] = {"connect": "300ms", "read": "300ms", "total": "300ms"}
    daemon = run_daemon(config)
    await daemon.up()
    parts = ("space_id", "workflow_id", "job_id")
    jobs = [{"source": "graph", "job": {"job_id": key}} for key in graph]
    jobs += [{"source": "media", "job": dict(zip(parts, key.split("/"), strict=True))} for key in media]
    await daemon.post("/v1/watches/batch", jobs)
    keys = [*(f"graph/{key}" for key in graph), *(f"media/{key}" for key in media)]
    for key in keys:
        await daemon.logged("job.running", key=key)
    apis.process.send_signal(signal.SIGSTOP)
    for name in ("graph", "media"):
        await daemon.logged("source.unreachable", source=name, logger="journal")
    await anyio.sleep(2)  # long enough for more than one probe
    apis.process.send_signal(signal.SIGCONT)
    for name in ("graph", "media"):
        await daemon.logged("source.recovered", source=name)
    apis.cancel(graph[0])
    await daemon.logged("job.cancelled", key=keys[0])
    await daemon.delivered()
    assert {subject: hook.types(subject) for subject in ("graph", "media")} == {
        "graph": ["source.unreachable", "source.recovered"],
        "media": ["source.unreachable", "source.recovered"],
    }
    told = {key: [kind for kind in hook.types(key) if kind.startswith("job.")] for key in keys[1:]}
    assert told == {key: ["job.running"] for key in keys[1:]}


@pytest.mark.slow
async def test_a_silent_receiver_holds_up_nobody_else(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor, until: Callable[..., Any]
) -> None:
    """One webhook takes requests and never answers: the log and another webhook are told all there is to tell."""
    silent = await run_hook(fail_fraction=1.0, faults=["slow"], slow_s=3600)
    other = await run_hook()
    config = config_for(apis, silent)
    config["sinks"]["hook"]["timeout"] = "1h"
    config["sinks"]["other"] = {**config["sinks"]["hook"], "url": other.url}
    keys = apis.add(apis.nebula, count=30, phases=[(0, 0), (0.5, 1), (1, 2)])
    daemon = run_daemon(config | {"watches": [{"source": "graph", "job": {"job_id": key}} for key in keys]})
    await daemon.up()
    for key in keys:
        await daemon.logged("job.succeeded", key=f"graph/{key}")
    logged = {line["id"] for line in daemon.lines() if line["logger"] == "journal"}
    await until("the other receiver has all of it", lambda: logged <= other.state.received.keys())
    assert silent.state.attempts
    assert silent.state.received == {}
