"""Builds of a real Buildbot master."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def _force(server: Any, code: int) -> int:
    parameters = {"builderNames": ["demo"], "code": str(code)}
    body = {"jsonrpc": "2.0", "id": 1, "method": "force", "params": parameters}
    requests: dict[str, int] = server.post("/api/v2/forceschedulers/force", body)["result"][1]
    return next(iter(requests.values()))


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_builds_are_told_as_they_go(
    serve: Callable[..., Any], follow: Callable[..., Any], assert_story: Callable[..., None]
) -> None:
    """One that succeeds and one that fails, by both presets: each state once, in order, at the master's own times."""
    server = serve("buildbot", "/api/v2/builders")
    follower = follow(
        {
            "builds": {"kind": "buildbot", "base_url": server.url},
            "requests": {"kind": "buildbot-request", "base_url": server.url},
        }
    )
    requests = [_force(server, code) for code in (0, 1)]
    keys = [follower.watch(kind, buildrequest_id=each) for kind in ("builds", "requests") for each in requests]
    stories = follower.ended(*keys)
    for request, build, whole, end in zip(requests, stories[:2], stories[2:], ("succeeded", "failed"), strict=True):
        [truth] = server.get(f"/api/v2/buildrequests/{request}/builds")["builds"]
        times = [None, _at(truth["started_at"]), _at(truth["complete_at"])]
        assert_story(build, end, times, duration_s=truth["complete_at"] - truth["started_at"])
        [truth] = server.get(f"/api/v2/buildrequests/{request}")["buildrequests"]
        times = [_at(truth[key]) for key in ("submitted_at", "claimed_at", "complete_at")]
        assert_story(whole, end, times, duration_s=truth["complete_at"] - truth["claimed_at"])
    assert stories[1][0]["data"]["state"] == "queued", "it waited for the first one"
    assert "failed" in stories[1][-1]["data"]["detail"]
    unknown = follower.probe("requests", "4711")
    assert (unknown.returncode, "no such job" in unknown.stdout + unknown.stderr) == (1, True)
