"""The real daemon, the real simulator, a real receiver: each is started for a test, and ended whatever happens."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest
from anyio.abc import TaskStatus
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobwatchd.simulator.receiver import ReceiverState, receiver_app
from jobwatchd.simulator.server import serve

SECRET = "whsec_Zm9yLXRoZS1hY2NlcHRhbmNlLXRlc3RzLW9ubHk="
Config = dict[str, Any]


def _load(name: str) -> ModuleType:
    """Load a module beside this file; pytest's import mode puts no folder on the path."""
    spec = spec_from_file_location(f"acceptance_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


processes = _load("processes")
receivers = _load("receiver")


@dataclass
class Hook:
    """A webhook receiver, and every body that it was sent, by the id it came under."""

    state: ReceiverState
    url: str = ""
    bodies: dict[str, set[bytes]] = field(default_factory=dict)

    def listening_to(self, app: ASGIApp) -> ASGIApp:
        """Return `app` with its requests overheard."""

        async def overheard(scope: Scope, receive: Receive, send: Send) -> None:
            body = b""

            async def receive_and_keep() -> Message:
                nonlocal body
                message = await receive()
                body += message.get("body", b"")
                if message["type"] == "http.request" and not message.get("more_body"):
                    name = dict(scope["headers"]).get(b"webhook-id", b"").decode()
                    self.bodies.setdefault(name, set()).add(body)
                return message

            await app(scope, receive_and_keep, send)

        return overheard

    def types(self, subject: str) -> list[str]:
        """Return what was told of one job or source, in the order of arrival."""
        return [each.type.split(".", 2)[2].removesuffix(".v1") for each in self.state.by_subject().get(subject, [])]


@pytest.fixture
def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def until() -> Callable[..., Any]:
    """Return what waits until something holds."""
    wait: Callable[..., Any] = processes.until
    return wait


@pytest.fixture
def run_daemon(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return what makes a daemon with a configuration, not started; all of its lives are ended with the test."""
    made: list[Any] = []

    def make(config: Config, name: str = "daemon", **environment: str) -> Any:
        folder = tmp_path / name
        folder.mkdir()
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("JOBWATCHD_", "NOTIFY_", "WATCHDOG_"))
        }
        daemon = processes.Daemon(folder, {**inherited, **environment})
        daemon.configure(config)
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        if daemon.process is not None:
            processes.end(daemon.process)


@pytest.fixture
def run_apis(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return what starts both simulated APIs with these arguments."""
    with ExitStack() as stack:

        def start(*arguments: str) -> Any:
            command = [sys.executable, "-Im", "jobwatchd.simulator", "--limit", "300", *arguments]
            # Whoever talks to it may be killed, which it reports.
            with (tmp_path / "apis.log").open("wb") as log:
                process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
            stack.callback(processes.end, process)
            assert process.stdout is not None
            stack.callback(process.stdout.close)
            return processes.Apis(process, **json.loads(process.stdout.readline()))

        yield start


@pytest.fixture
def apis(run_apis: Callable[..., Any]) -> Any:
    """Return both simulated APIs, with no jobs and no faults yet."""
    return run_apis()


@pytest.fixture
async def run_hook() -> AsyncIterator[Callable[..., Any]]:
    """Return what starts a receiver in this process, with the fields of its state."""
    async with anyio.create_task_group() as tasks:

        async def start(**fields: Any) -> Hook:
            hook = Hook(ReceiverState(secrets=[SECRET], **fields))
            hook.url = f"{await tasks.start(_serve, hook)}/hooks"
            return hook

        yield start
        tasks.cancel_scope.cancel()


async def _serve(hook: Hook, *, task_status: TaskStatus[str]) -> None:
    async with serve(hook.listening_to(receiver_app(hook.state))) as url:
        task_status.started(url)
        await anyio.sleep_forever()


@pytest.fixture
async def receiver() -> AsyncIterator[Any]:
    """Return a receiver that takes everything, until some jobs are `poisoned`."""
    receiver = receivers.Receiver()
    async with anyio.create_task_group() as tasks:
        await tasks.start(receiver.run)
        yield receiver
        tasks.cancel_scope.cancel()


@pytest.fixture
def config_for() -> Callable[..., Config]:
    """Return a configuration for both APIs and, where one is given, a receiver; impatient, so that tests are short."""

    def make(apis: Any, hook: Hook | None = None, **poll: Any) -> Config:
        poll = {"min_interval": "100ms", "max_interval": "500ms", **poll}
        source = {"timeout": {"connect": "1s", "read": "1s", "total": "2s"}, "poll": poll}
        config: Config = {
            "sources": {
                "graph": {
                    **source,
                    "kind": "nebula-explorer",
                    "base_url": apis.nebula,
                    "account": "root",
                    "password": "nebula",
                    "graphd": {"address": "10.0.0.5"},
                },
                "media": {**source, "kind": "telestream-up", "base_url": apis.telestream, "api_key": "up-key"},
            },
            "sinks": {"journal": {"kind": "log"}, "prometheus": {"kind": "metrics"}},
            "server": {"listen": "127.0.0.1:0"},
            "log": {"format": "json"},
        }
        if hook is not None:
            retry = {"first": "50ms", "longest": "1s"}
            config["sinks"]["hook"] = {"kind": "webhook", "url": hook.url, "secrets": [SECRET], "retry": retry}
        return config

    return make
