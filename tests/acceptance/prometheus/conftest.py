"""A real Prometheus and Alertmanager around a real daemon, on this repository's files but for addresses and times."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import yaml

get = partial(httpx.get, trust_env=False, timeout=10)
post = partial(httpx.post, trust_env=False, timeout=10)
DEPLOY = Path(__file__).parents[3] / "deploy"
PATIENCE_S = 60.0
DATA_S = 25.0
PROGRAMS = ("nebula", "up", "daemon", "prometheus", "alertmanager")


def wait(what: str, holds: Callable[[], Any]) -> Any:
    """Return what `holds` returns as soon as that is true; fails after a while."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            if found := holds():
                return found
        except (httpx.TransportError, ValueError):  # not there yet, or answers in plain words that it is not ready
            pass
        time.sleep(0.1)
    return pytest.fail(f"still not, after {PATIENCE_S:g} s: {what}")


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Receivers(ThreadingHTTPServer):
    """Takes Alertmanager's messages at /alerts, and the daemon's webhooks elsewhere, which it refuses now and then."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.alerts: list[dict[str, Any]] = []
        self.webhooks = 0
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Receiver(BaseHTTPRequestHandler):
    server: Receivers

    def do_POST(self) -> None:
        """Take a message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 200
        if self.path == "/alerts":
            self.server.alerts += json.loads(body)["alerts"]
        elif self.path == "/refusing":
            status = 400
        else:
            self.server.webhooks += 1
            status = 503 if self.server.webhooks % 3 == 0 else 200
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@dataclass
class Scene:
    """What runs, and how to ask it."""

    folder: Path
    receivers: Receivers
    stack: ExitStack
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in PROGRAMS})
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """Return where a program listens."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, name: str, *command: str) -> None:
        """Start a program; it is killed in the end."""
        log = self.stack.enter_context((self.folder / f"{name}.log").open("ab"))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("JOBWATCHD_")}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.processes[name] = process
        self.stack.callback(self.end, name)

    def end(self, name: str) -> None:
        """Kill a program."""
        self.processes[name].kill()
        self.processes[name].wait()

    def start_apis(self) -> None:
        """Start both simulated APIs."""
        ports = ["--nebula-port", str(self.ports["nebula"]), "--up-port", str(self.ports["up"])]
        self.start("apis", sys.executable, "-Im", "jobwatchd.simulator", "--limit", "600", *ports)
        wait("the APIs answer", lambda: get(f"{self.url('nebula')}/_sim/truth").is_success)

    def prometheus(self, path: str, **parameters: Any) -> Any:
        """Ask Prometheus; returns `data`, and fails with what it says where it refuses."""
        answer = get(f"{self.url('prometheus')}/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", f"{answer.get('error')} in {parameters}"
        return answer["data"]

    def values(self, query: str) -> list[float]:
        """Return all numbers of a query over the last minutes, NaN left out."""
        now = time.time()
        found = self.prometheus("query_range", query=query, start=now - 120, end=now, step=1)["result"]
        return [float(value) for series in found for _, value in series["values"] if value != "NaN"]

    def add_jobs(self, name: str, *specs: dict[str, Any], deadline: str = "1h") -> None:
        """Add jobs to a simulated API, and have the daemon watch them."""
        keys = post(f"{self.url(name)}/_sim/jobs", json={"jobs": list(specs)}).raise_for_status().json()["keys"]
        for key in keys:
            names = ("job_id",) if name == "nebula" else ("space_id", "workflow_id", "job_id")
            source = "graph" if name == "nebula" else "media"
            job = dict(zip(names, key.split("/"), strict=True))
            watch = {"source": source, "job": job, "deadline": deadline}
            post(f"{self.url('daemon')}/v1/watches", json=watch).raise_for_status()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Return everything, running, with some seconds of jobs' lives behind it."""
    with ExitStack() as stack:
        receivers = stack.enter_context(Receivers())
        Thread(target=receivers.serve_forever, daemon=True).start()
        stack.callback(receivers.shutdown)
        scene = Scene(tmp_path_factory.mktemp("scene"), receivers, stack)
        scene.start_apis()
        _start_daemon(scene)
        _start_alertmanager(scene)
        _start_prometheus(scene)
        _live(scene)
        yield scene


def _start_daemon(scene: Scene) -> None:
    poll = {"min_interval": "200ms", "max_interval": "1s", "lost_after": {"not_found": 2, "grace": "1s"}}
    retry = {"first": "100ms", "longest": "500ms", "rejections": 1, "rejections_for": "0s"}
    hook = {"kind": "webhook", "secrets": [], "retry": retry}
    config = {
        "sources": {
            "graph": {
                "kind": "nebula-explorer",
                "base_url": scene.url("nebula"),
                "account": "root",
                "password": "nebula",
                "graphd": {"address": "10.0.0.5"},
                "poll": poll,
            },
            "media": {"kind": "telestream-up", "base_url": scene.url("up"), "api_key": "up-key", "poll": poll},
        },
        "sinks": {
            "prometheus": {"kind": "metrics"},
            "ci": {**hook, "url": f"{scene.receivers.url}/hook"},
            "old": {**hook, "url": f"{scene.receivers.url}/refusing"},
        },
        "store": {"url": f"sqlite:///{scene.folder}/jobwatchd.db"},
        "server": {"listen": f"127.0.0.1:{scene.ports['daemon']}"},
    }
    file = scene.folder / "jobwatchd.yaml"
    file.write_text(yaml.safe_dump(config))
    scene.start("daemon", sys.executable, "-Im", "jobwatchd", "run", "-c", str(file))
    wait("the daemon is ready", lambda: get(f"{scene.url('daemon')}/readyz").is_success)


def _start_alertmanager(scene: Scene) -> None:
    config = (DEPLOY / "prometheus/alertmanager.yml").read_text()
    config = config.replace("http://127.0.0.1:9095/alerts", f"{scene.receivers.url}/alerts")
    config = config.replace("group_wait: 10s", "group_wait: 1s").replace("group_interval: 1m", "group_interval: 2s")
    file = scene.folder / "alertmanager.yml"
    file.write_text(config)
    scene.start(
        "alertmanager",
        "prometheus-alertmanager",
        f"--config.file={file}",
        f"--storage.path={scene.folder}/alertmanager",
        f"--web.listen-address=127.0.0.1:{scene.ports['alertmanager']}",
        "--cluster.listen-address=",
    )
    wait("Alertmanager is ready", lambda: get(f"{scene.url('alertmanager')}/-/ready").is_success)


def _start_prometheus(scene: Scene) -> None:
    shutil.copytree(DEPLOY / "prometheus/rules", scene.folder / "rules")
    alerting = scene.folder / "rules/alerting.yml"
    alerting.write_text(re.sub(r"for: \d+m", "for: 2s", alerting.read_text()))
    config = (DEPLOY / "prometheus/prometheus.yml").read_text()
    for old, new in {
        "127.0.0.1:25629": f"127.0.0.1:{scene.ports['daemon']}",
        "127.0.0.1:9093": f"127.0.0.1:{scene.ports['alertmanager']}",
        "interval: 15s": "interval: 1s",
    }.items():
        assert old in config
        config = config.replace(old, new)
    file = scene.folder / "prometheus.yml"
    file.write_text(config)
    scene.start(
        "prometheus",
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={scene.folder}/tsdb",
        f"--web.listen-address=127.0.0.1:{scene.ports['prometheus']}",
    )
    wait("Prometheus scrapes", lambda: scene.prometheus("query", query='up{job="jobwatchd"} == 1')["result"])


def _live(scene: Scene) -> None:
    """Let jobs live, of all outcomes, and let some things go wrong."""
    for name, (running, succeeded, failed) in {
        "nebula": (1, 2, 3),
        "up": ("in-process", "succeeded", "failed"),
    }.items():
        scene.add_jobs(name, {"phases": [[0, running]]}, deadline="2s")
        scene.add_jobs(name, {"phases": [[0, running], [3, None]]})
        for at in (4, 7, 10):
            scene.add_jobs(name, {"phases": [[0, running], [at, succeeded]]}, {"phases": [[0, running], [at, failed]]})
        faults = {"faults": [{"kind": "server_error", "fraction": 0.2}, {"kind": "garbage", "fraction": 0.1}]}
        post(f"{scene.url(name)}/_sim/faults", json=faults).raise_for_status()
    time.sleep(DATA_S)


@pytest.fixture
def until() -> Callable[..., Any]:
    """Return what waits until something holds."""
    return wait
