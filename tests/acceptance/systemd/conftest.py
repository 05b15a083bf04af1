"""One machine for all tests of this folder: booted once, jobwatchd installed in it as docs/install.md says."""

import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from acceptance import readme
from acceptance.systemd import machine as machines

HERE = Path(__file__).parent
SECRET = "whsec_Zm9yLXRoZS1hY2NlcHRhbmNlLXRlc3RzLW9ubHk="
PASSWORD, API_KEY = "planted-explorer-password", "planted-up-api-key"


SHOWN = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures that the tests found."""
    for line in config.stash.get(SHOWN, []):
        terminalreporter.write_line(f"shown: {line}")


@pytest.fixture(scope="session")
def shown(pytestconfig: pytest.Config) -> list[str]:
    """Return the figures found so far, to add to."""
    return pytestconfig.stash.setdefault(SHOWN, [])


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory, shown: list[str]) -> Iterator[Any]:
    """Boot it, and install jobwatchd."""
    if os.geteuid() != 0 or shutil.which("systemd-nspawn") is None:
        pytest.fail("This needs root and systemd-nspawn; `make test-systemd` sees to what it can.")
    root = machines.BUILD / "machine"
    machines.make_root(machines.BUILD / "trees" / "systemd", root)
    machine = machines.Machine(root, tmp_path_factory.mktemp("machine") / "console.log")
    try:
        machine.boot()
        shown.append(f"booted in {machine.boot_s:.2f} s: {machine.run('systemctl', '--version').splitlines()[0]}")
        began = time.monotonic()
        for commands in readme.blocks("systemd-install"):
            machine.script(commands)
        shown.append(f"installed in {time.monotonic() - began:.1f} s by `make install-systemd`")
        yield machine
    finally:
        machine.power_off()
        shutil.rmtree(root, ignore_errors=True)


class Service(machines.Unit):
    """The unit with a configuration that a test writes, and its API."""

    url = ""
    headers: Mapping[str, str] = {}

    def configure(self, config: Mapping[str, Any]) -> None:
        """Write the configuration, which holds no secrets: those are in files for root."""
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        listening = {**config, "server": {**config.get("server", {}), "listen": f"127.0.0.1:{port}"}}
        self.write_config(listening)

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write the configuration as it is."""
        instance = self.name.partition("@")[2] or "jobwatchd"
        self.machine.write(f"/etc/jobwatchd/{instance}.yaml", yaml.safe_dump(dict(config)))

    @property
    def config(self) -> dict[str, Any]:
        """The configuration as it was written last."""
        instance = self.name.partition("@")[2] or "jobwatchd"
        config: dict[str, Any] = yaml.safe_load(self.machine.path(f"/etc/jobwatchd/{instance}.yaml").read_text())
        return config

    def get(self, path: str, **query: Any) -> Any:
        """Ask its API."""
        return self._send("GET", path, params=query)

    def post(self, path: str, body: Any) -> Any:
        """Tell its API something."""
        return self._send("POST", path, json=body)

    def _send(self, method: str, path: str, **options: Any) -> Any:
        with httpx.Client(base_url=self.url, headers=self.headers, trust_env=False, timeout=10) as client:
            return client.request(method, path, **options).raise_for_status().json()

    def is_ready(self) -> bool:
        """Whether it says so itself."""
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False, timeout=5).is_success
        except httpx.TransportError:
            return False


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.fixture
def readme_script() -> Callable[[str], str]:
    """Return what gives the documentation's commands under a marker, as one shell script."""
    return lambda name: "\n".join(readme.blocks(name))


@pytest.fixture
def make_service(machine: Any) -> Iterator[Callable[..., Service]]:
    """Return what makes a service by its unit's name, stopped, with nothing remembered and nothing changed."""
    made: list[Service] = []

    def make(name: str = "jobwatchd") -> Service:
        service = Service(machine, name)
        service.clear()
        made.append(service)
        return service

    yield make
    for service in made:
        service.systemctl("kill", "--signal=KILL", check=False)
        service.systemctl("stop", check=False)
        service.systemctl("reset-failed", check=False)
        folder = service.name.replace("@", "-")
        shutil.rmtree(machine.path(f"/var/lib/private/{folder}"), ignore_errors=True)
        shutil.rmtree(machine.path(f"/etc/systemd/system/{service.name}.service.d"), ignore_errors=True)
    machine.run("systemctl", "daemon-reload")


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """Return the unit jobwatchd, in a hurry to start again where it ends."""
    service = make_service()
    service.drop_in("hurry", "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=100ms\n")
    return service


@pytest.fixture
def settings() -> Callable[..., dict[str, Any]]:
    """Return what makes an impatient configuration for both APIs and a receiver; its secrets may be left out."""

    def make(apis: Any, hook: Any, *, with_secrets: bool = True) -> dict[str, Any]:
        common = {
            "timeout": {"connect": "1s", "read": "1s", "total": "2s"},
            "poll": {"min_interval": "100ms", "max_interval": "500ms"},
        }
        graph = {"kind": "nebula-explorer", "account": "root", "graphd": {"address": "10.0.0.5"}}
        config: dict[str, Any] = {
            "sources": {
                "graph": {**graph, **common, "base_url": apis.nebula},
                "media": {"kind": "telestream-up", **common, "base_url": apis.telestream},
            },
            "sinks": {
                "journal": {"kind": "log"},
                "hook": {"kind": "webhook", "url": hook.url, "retry": {"first": "50ms", "longest": "1s"}},
            },
        }
        if with_secrets:
            config["sources"]["graph"]["password"] = PASSWORD
            config["sources"]["media"]["api_key"] = API_KEY
            config["sinks"]["hook"]["secrets"] = [SECRET]
        return config

    return make


@pytest.fixture
def apis(run_apis: Callable[..., Any]) -> Any:
    """Return both simulated APIs, which want the planted secrets."""
    return run_apis("--nebula-password", PASSWORD, "--up-key", API_KEY)


@pytest.fixture
def planted() -> Mapping[str, str]:
    """Return the secrets by the keys that they are for; that of the API is new each time."""
    return {
        "sources.graph.password": PASSWORD,
        "sources.media.api_key": API_KEY,
        "sinks.hook.secrets": SECRET,
        "server.tokens": secrets.token_urlsafe(24),
    }
