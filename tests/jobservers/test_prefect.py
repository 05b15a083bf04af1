"""Flow runs of a real Prefect server."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def _run(server: Any, deployment: str, *, ok: bool) -> str:
    run: str = server.post(f"/api/deployments/{deployment}/create_flow_run", {"parameters": {"ok": ok}})["id"]
    return run


def test_flow_runs_are_told_as_they_go(
    serve: Callable[..., Any], follow: Callable[..., Any], assert_story: Callable[..., None]
) -> None:
    """One that succeeds and one that fails: each state once, in order, at the server's own times."""
    server = serve("prefect", "/api/health")
    deployment = server.until("the deployment", lambda: server.get("/api/deployments/name/demo/demo")["id"])
    follower = follow({"flows": {"kind": "prefect", "base_url": f"{server.url}/api"}})
    runs = [_run(server, deployment, ok=ok) for ok in (True, False)]
    keys = [follower.watch("flows", flow_run_id=run) for run in runs]
    stories = follower.ended(*keys)
    for run, story, end in zip(runs, stories, ("succeeded", "failed"), strict=True):
        truth = server.get(f"/api/flow_runs/{run}")
        times = [datetime.fromisoformat(truth[key]) for key in ("created", "start_time", "end_time")]
        assert_story(story, end, times, duration_s=truth["total_run_time"])
        assert story[-1]["data"]["name"] == truth["name"]
    assert "boom" in stories[1][-1]["data"]["detail"]
    assert follower.listed("flows", *keys) == dict(zip(keys, ("succeeded", "failed"), strict=True))
    unknown = follower.probe("flows", "00000000-0000-4000-8000-000000000000")
    assert (unknown.returncode, "no such job" in unknown.stdout + unknown.stderr) == (1, True)
