"""The manners of the real process: starting, stopping, and saying why it cannot."""

from typing import Any


async def test_sigterm_ends_it_with_everything_told(run_apis: Any, run_hook: Any, run_daemon: Any, config_for: Any):
    """What is under way when SIGTERM comes is told and noted, so the next life repeats nothing; the status is 0."""
    apis, hook = run_apis(), await run_hook(fail_fraction=1.0, faults=["slow"], slow_s=0.4)
    [key] = apis.add(apis.nebula, phases=[(0, 0), (0.1, 1), (0.2, 2)])
    daemon = run_daemon(config_for(apis, hook))
    await daemon.up()
    await daemon.post("/v1/watches", {"source": "graph", "job": {"job_id": key}})
    await daemon.logged("job.succeeded")
    assert await daemon.stop() == 0
    assert hook.types(f"graph/{key}")[-1] == "job.succeeded"
    assert daemon.lines()[-1]["event"] == "daemon.stopped"
    attempts = dict(hook.state.attempts)
    await daemon.up()
    assert (await daemon.get("/v1/status"))["sinks"] == []
    assert hook.state.attempts == attempts
