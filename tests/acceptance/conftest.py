"""The real daemon, the real simulator, a real receiver: each is started for a test, and ended whatever happens."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import TaskStatus

from acceptance import processes
from acceptance.hook import SECRET, Hook, RunHook
from acceptance.processes import Apis, Config, ConfigFor, Daemon, RunApis, RunDaemon, Until, end
from acceptance.receiver import Receiver
from jobwatchd.simulator.receiver import ReceiverState, receiver_app
from jobwatchd.simulator.server import serve


@pytest.fixture
def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def until() -> Until:
    """Return what waits until something holds."""
    return processes.until


@pytest.fixture
def run_daemon(tmp_path: Path) -> Iterator[RunDaemon]:
    """Return what makes a daemon with a configuration, not started; all of its lives are ended with the test."""
    made: list[Daemon] = []

    def make(config: Config, name: str = "daemon", **environment: str) -> Daemon:
        folder = tmp_path / name
        folder.mkdir()
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("JOBWATCHD_", "NOTIFY_", "WATCHDOG_"))
        }
        daemon = Daemon(folder, {**inherited, **environment})
        daemon.configure(config)
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        if daemon.process is not None:
            end(daemon.process)


@pytest.fixture
def run_apis(tmp_path: Path) -> Iterator[RunApis]:
    """Return what starts both simulated APIs with these arguments."""
    with ExitStack() as stack:

        def start(*arguments: str) -> Apis:
            command = [sys.executable, "-Im", "jobwatchd.simulator", "--limit", "300", *arguments]
            # Whoever talks to it may be killed, which it reports.
            with (tmp_path / "apis.log").open("wb") as log:
                process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
            stack.callback(end, process)
            assert process.stdout is not None
            stack.callback(process.stdout.close)
            return Apis(process, **json.loads(process.stdout.readline()))

        yield start


@pytest.fixture
def apis(run_apis: RunApis) -> Apis:
    """Return both simulated APIs, with no jobs and no faults yet."""
    return run_apis()


@pytest.fixture
async def run_hook() -> AsyncIterator[RunHook]:
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
async def receiver() -> AsyncIterator[Receiver]:
    """Return a receiver that takes everything, until some jobs are `poisoned`."""
    receiver = Receiver()
    async with anyio.create_task_group() as tasks:
        await tasks.start(receiver.run)
        yield receiver
        tasks.cancel_scope.cancel()


@pytest.fixture
def config_for() -> ConfigFor:
    """Return a configuration for both APIs and, where one is given, a receiver; impatient, so that tests are short."""

    def make(apis: Apis, hook: Hook | None = None, **poll: Any) -> Config:
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
