"""The image, built for these tests, and containers of it as strict as they can be."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from acceptance import readme

HERE = Path(__file__).parent
START_S = 2.0
IMAGE = "localhost/jobwatchd:test"
TOKEN = "planted-token-of-the-api"
STRICT = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=128m", "--pids-limit=64"]
DOCKER = HERE / "bin"
SHOWN = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures that the tests found."""
    for line in config.stash.get(SHOWN, []):
        terminalreporter.write_line(f"shown: {line}")


@pytest.fixture(scope="session")
def shown(pytestconfig: pytest.Config) -> list[str]:
    """Return the figures found so far, to add to."""
    return pytestconfig.stash.setdefault(SHOWN, [])


def try_podman(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run podman, whatever comes of it."""
    environment = {**os.environ, "CONTAINERS_CONF": str(HERE / "containers.conf")}
    return subprocess.run(["podman", *arguments], capture_output=True, text=True, env=environment, check=False)


def podman(*arguments: str) -> str:
    """Run podman, and return what it prints; fails the test where it fails."""
    done = try_podman(*arguments)
    assert done.returncode == 0, f"podman {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


@dataclass
class Container:
    """A container of the image, with a configuration, secrets, and a volume of its own."""

    name: str
    folder: Path
    url: str
    options: Sequence[str] = ()
    started_at: float = field(default=0.0, init=False)

    def start(self) -> None:
        """Begin to run it, strictly, without waiting for anything."""
        mounts = [
            f"--volume={self.folder}/jobwatchd.yaml:/etc/jobwatchd/jobwatchd.yaml:ro",
            f"--volume={self.folder}/secrets:/run/secrets:ro",
            f"--volume={self.name}:/var/lib/jobwatchd",
        ]
        self.started_at = time.monotonic()
        podman(
            "run",
            "--detach",
            f"--name={self.name}",
            f"--env=JOBWATCHD_URL={self.url}",
            *STRICT,
            *mounts,
            *self.options,
            IMAGE,
        )

    def is_ready(self) -> bool:
        """Whether it says so itself."""
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False, timeout=5).is_success
        except httpx.TransportError:
            return False

    def started(self) -> str:
        """Say how long it took to be ready; fails above two seconds of processor time, however busy the machine."""
        took_s = time.monotonic() - self.started_at
        pid = self.inspect()["State"]["Pid"]
        user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        busy_s = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        assert busy_s <= START_S
        load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
        return f"ready {took_s:.2f} s after `podman run`, with {busy_s:.2f} s of processor time (load {load})"

    def health(self) -> "subprocess.CompletedProcess[str]":
        """Run the image's health check."""
        return try_podman("healthcheck", "run", self.name)

    def post(self, path: str, body: Any, token: str = TOKEN) -> Any:
        """Tell its API something."""
        with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
            return client.post(path, json=body).raise_for_status().json()

    def inspect(self) -> Mapping[str, Any]:
        """Return what podman knows of it."""
        [found] = json.loads(podman("inspect", self.name))
        return dict(found)

    def lines(self) -> Sequence[Mapping[str, Any]]:
        """Return what it logged."""
        return [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]

    def said(self) -> str:
        """Return all that it said."""
        logged = try_podman("logs", self.name)
        return logged.stdout + logged.stderr

    def stop(self) -> None:
        """Stop it as an orchestrator does."""
        podman("stop", "--time=20", self.name)

    def forget(self) -> None:
        """Remove the container, and leave its volume."""
        podman("rm", "--force", self.name)

    def remove(self) -> None:
        """End it, and forget its volume."""
        try_podman("rm", "--force", "--time=0", self.name)
        try_podman("volume", "rm", "--force", self.name)


@pytest.fixture(scope="session")
def image(shown: list[str]) -> Mapping[str, Any]:
    """Build the image, and return what podman knows of it."""
    if os.geteuid() != 0 or shutil.which("podman") is None:
        pytest.fail("This needs root and podman; `make test-container` sees to what it can.")
    began = time.monotonic()
    built = subprocess.run([HERE / "build.sh", IMAGE], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    [found] = json.loads(podman("image", "inspect", IMAGE))
    [base] = json.loads(podman("image", "inspect", "localhost/debian-python:bookworm"))
    own = (found["Size"] - base["Size"]) / 1e6
    shown.append(f"image: {found['Size'] / 1e6:.0f} MB, of which {own:.0f} MB on top of its base (uncompressed)")
    shown.append(f"built in {time.monotonic() - began:.1f} s")
    return dict(found)


@pytest.fixture
def run_container(image: Mapping[str, Any], tmp_path: Path, unused_port: int) -> Iterator[Callable[..., Container]]:
    """Return what makes a container with this configuration and these secrets by their keys, not started."""
    made: list[Container] = []

    def make(config: Mapping[str, Any], secrets: Mapping[str, str], *options: str) -> Container:
        container = Container(f"jobwatchd-test-{os.getpid()}", tmp_path, f"http://127.0.0.1:{unused_port}", options)
        listening = {**config, "server": {"listen": f":{unused_port}"}}
        (tmp_path / "jobwatchd.yaml").write_text(yaml.safe_dump(listening))
        (tmp_path / "secrets").mkdir()
        for name, secret in {"server.tokens": TOKEN, **secrets}.items():
            (tmp_path / "secrets" / name).write_text(f"{secret}\n")
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        made.append(container)
        return container

    yield make
    for container in made:
        container.remove()


@pytest.fixture
def in_readme(image: Mapping[str, Any], unused_port: int) -> Iterator[Callable[..., str]]:
    """Return what runs the documentation's commands under a marker in a folder, and returns what they print."""

    def run(name: str, folder: Path) -> str:
        environment = {
            **os.environ,
            "PATH": f"{DOCKER}:{os.environ['PATH']}",
            "DOCKER_URL": f"http://127.0.0.1:{unused_port}",
        }
        script = ["bash", "-euo", "pipefail", "-c", "\n".join(readme.blocks(name))]
        done = subprocess.run(script, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    yield run
    try_podman("rm", "--force", "--time=0", "jobwatchd")
    try_podman("volume", "rm", "--force", "jobwatchd")


@pytest.fixture
def unused_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
