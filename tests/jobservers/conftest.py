"""Real job servers, and the real daemon that follows their jobs with nothing but a preset, a URL and a token.

`make test-jobservers` installs the servers first.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import httpx
import pytest
import yaml

from jobwatchd.clock import SystemClock
from jobwatchd.model.job import JobReference
from jobwatchd.settings import load_settings
from jobwatchd.wiring import build_source

HERE = Path(__file__).parent
VENVS = HERE.parents[1] / "build" / "jobservers"
PATIENCE_S = 180.0
# Prefect counts the time that a run was in the state RUNNING, a few milliseconds less than from its start to its end.
TOLERANCE_S = 0.05
SECRET = "whsec_Zm9yLXRoZS1qb2JzZXJ2ZXItdGVzdHMtb25seQ=="


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def _until(what: str, holds: Callable[[], Any], log: Path) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if found := holds():
                return found
        except (httpx.HTTPError, KeyError, IndexError):
            pass
        time.sleep(0.3)
    pytest.fail(f"still not, after {PATIENCE_S:g} s: {what}\n{log.read_text(errors='replace')[-3000:]}")


@dataclass
class JobServer:
    """A job server as a process."""

    url: str
    log: Path

    def get(self, path: str, **headers: str) -> Any:
        """Ask its API."""
        return httpx.get(f"{self.url}{path}", headers=headers, trust_env=False, timeout=30).raise_for_status().json()

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Tell its API something."""
        answer = httpx.post(f"{self.url}{path}", json=body, headers=headers, trust_env=False, timeout=30)
        return answer.raise_for_status().json()

    def until(self, what: str, holds: Callable[[], Any]) -> Any:
        """Return what `holds` returns as soon as that is true and its API answers well; fails after a while."""
        return _until(what, holds, self.log)


@dataclass
class Follower:
    """`jobwatchd run`, and the receiver of its webhooks."""

    folder: Path
    config: Path
    url: str
    received: list[dict[str, Any]] = field(default_factory=list)

    def watch(self, source: str, **job: str | int) -> str:
        """Follow a job; returns its key."""
        answer = httpx.post(f"{self.url}/v1/watches", json={"source": source, "job": job}, trust_env=False, timeout=30)
        key: str = answer.raise_for_status().json()["key"]
        return key

    def ended(self, *keys: str) -> list[list[dict[str, Any]]]:
        """Wait until these jobs have ended; returns what was received of each, in the order of arrival."""

        def stories() -> list[list[dict[str, Any]]]:
            return [[event for event in list(self.received) if event["subject"] == key] for key in keys]

        def over() -> bool:
            return all(
                any(event["data"]["state"] in {"succeeded", "failed", "cancelled"} for event in story)
                for story in stories()
            )

        _until(f"the ends of {keys}", over, self.folder / "daemon.log")
        return stories()

    def listed(self, source: str, *keys: str) -> dict[str, str]:
        """Return the states of these jobs as their list has them, by key."""
        section = load_settings(self.config, {}).sources[source]
        refs = [JobReference(source, key.removeprefix(f"{source}/")) for key in keys]

        async def look() -> dict[str, str]:
            api = build_source(source, section, SystemClock())
            observation = (await api.observe(refs[0], 0)).observation
            assert observation is not None
            assert observation.group is not None
            listing = await api.observe_many(observation.group, refs)
            await api.close()
            return {ref.key: str(job.state) for ref, job in listing.found.items()}

        return anyio.run(look)

    def probe(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `jobwatchd probe` with the daemon's configuration."""
        command = [sys.executable, "-Im", "jobwatchd", "probe", "-c", str(self.config), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    """Undo everything at the end, whatever happens."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def serve(tmp_path: Path, cleanup: ExitStack) -> Callable[..., JobServer]:
    """Start a server by its script; `ready` is a path that answers once it is there."""

    def start(name: str, ready: str, ports: int = 1) -> JobServer:
        if not (VENVS / name / ".done").exists():
            pytest.skip(f"{name} is not installed; make test-jobservers does it")
        folder = tmp_path / name
        folder.mkdir()
        numbers = [str(_free_port()) for _ in range(ports)]
        server = JobServer(f"http://127.0.0.1:{numbers[0]}", folder / "server.log")
        command = [str(HERE / f"serve_{name}.sh"), str(VENVS / name / "bin"), str(folder), *numbers]
        with server.log.open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        cleanup.callback(_end, process)
        server.until(f"{name} answers", lambda: server.get(ready) is not None)
        return server

    return start


@pytest.fixture
def follow(tmp_path: Path, cleanup: ExitStack) -> Callable[[Mapping[str, Any]], Follower]:
    """Run the daemon on these sources."""

    def start(sources: Mapping[str, Any]) -> Follower:
        received: list[dict[str, Any]] = []
        hook = _receiver(received, cleanup)
        port = _free_port()
        follower = Follower(tmp_path, tmp_path / "jobwatchd.yaml", f"http://127.0.0.1:{port}", received)
        config = {
            "sources": sources,
            "store": {"url": f"sqlite:///{tmp_path / 'jobwatchd.db'}"},
            "server": {"listen": f"127.0.0.1:{port}"},
            "sinks": {"hook": {"kind": "webhook", "url": hook, "secrets": [SECRET]}},
        }
        follower.config.write_text(yaml.safe_dump(config))
        log_file = tmp_path / "daemon.log"
        command = [sys.executable, "-Im", "jobwatchd", "run", "-c", str(follower.config)]
        with log_file.open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        cleanup.callback(_end, process)
        ready = lambda: httpx.get(f"{follower.url}/readyz", trust_env=False).status_code == httpx.codes.OK  # noqa: E731 - read once, below
        _until("the daemon is ready", ready, log_file)
        return follower

    return start


def _receiver(received: list[dict[str, Any]], cleanup: ExitStack) -> str:
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=server.serve_forever, daemon=True).start()
    cleanup.callback(server.server_close)
    cleanup.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}/"


@pytest.fixture
def assert_story() -> Callable[..., None]:
    """Compare what was told of a job with the server's own numbers: queued, started, finished (None: not told)."""

    def compare(story: list[dict[str, Any]], end: str, times: list[datetime | None], *, duration_s: float) -> None:
        data = [event["data"] for event in story]
        states = ["queued", "running", end]
        if data[0]["state"] == "running":  # it did not wait for us to look
            states, times = states[1:], times[1:]
        assert [each["state"] for each in data] == states
        assert [event["type"] for event in story] == [f"dev.jobwatchd.job.{state}.v1" for state in states]
        assert [each["sequence"] for each in data] == list(range(1, len(states) + 1))
        for each, at in zip(data, times, strict=True):
            if at is not None:
                assert abs((datetime.fromisoformat(each["occurred_at"]) - at).total_seconds()) < TOLERANCE_S
        known = [datetime.fromisoformat(each["occurred_at"]) for each in data if each["occurred_at"] is not None]
        assert known == sorted(known)
        assert data[-1]["duration_s"] == pytest.approx(duration_s, abs=TOLERANCE_S)

    return compare
