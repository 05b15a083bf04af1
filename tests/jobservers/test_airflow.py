"""DAG runs of a real Airflow 3 server."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.slow


def _run(server: Any, *, ok: bool, **auth: str) -> str:
    body = {"logical_date": None, "conf": {"ok": ok}}
    run: str = server.post("/api/v2/dags/demo/dagRuns", body, **auth)["dag_run_id"]
    return run


def test_dag_runs_are_told_as_they_go(
    serve: Callable[..., Any], follow: Callable[..., Any], assert_story: Callable[..., None]
) -> None:
    """One that succeeds and one that fails: each state once, in order, at the server's own times."""
    server = serve("airflow", "/api/v2/monitor/health", ports=3)
    token = server.get("/auth/token")["access_token"]
    auth = {"Authorization": f"Bearer {token}"}
    server.until("the DAG", lambda: server.get("/api/v2/dags/demo", **auth)["dag_id"])
    follower = follow({"flows": {"kind": "airflow", "base_url": server.url, "token": token}})
    runs = [_run(server, ok=ok, **auth) for ok in (True, False)]
    keys = [follower.watch("flows", dag_id="demo", dag_run_id=run) for run in runs]
    stories = follower.ended(*keys)
    for run, story, end in zip(runs, stories, ("succeeded", "failed"), strict=True):
        truth = server.get(f"/api/v2/dags/demo/dagRuns/{quote(run, safe='')}", **auth)
        times = [datetime.fromisoformat(truth[key]) for key in ("queued_at", "start_date", "end_date")]
        assert_story(story, end, times, duration_s=truth["duration"])
        assert story[-1]["data"]["workflow"]["id"] == "demo"
    assert follower.listed("flows", *keys) == dict(zip(keys, ("succeeded", "failed"), strict=True))
    unknown = follower.probe("flows", "demo/no-such-run")
    assert (unknown.returncode, "no such job" in unknown.stdout + unknown.stderr) == (1, True)
    shown = follower.probe("flows", f"demo/{quote(runs[0], safe='')}")
    assert (shown.returncode, token in shown.stdout + shown.stderr) == (0, False)
