"""Stderr that nobody reads: it delays what is written there, and nothing else."""

import fcntl
import json
import os
import pty
import select
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from acceptance.hook import Hook, RunHook
from acceptance.processes import Apis, ConfigFor, Daemon, RunDaemon, Until


def _pipe() -> tuple[int, int]:
    return os.pipe()


def _small_pipe() -> tuple[int, int]:
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4_096)
    return read_end, write_end


def _socket() -> tuple[int, int]:
    ours, theirs = socket.socketpair()
    return ours.detach(), theirs.detach()


class Blocked:
    """What is full, and nobody reads; `write_end` is for the daemon."""

    def __init__(self, make: Callable[[], tuple[int, int]]) -> None:
        self.read_end, self.write_end = make()
        self._begun = b""
        os.set_blocking(self.write_end, False)
        try:
            while True:
                os.write(self.write_end, b"." * 255 + b"\n")
        except BlockingIOError:
            os.set_blocking(self.write_end, True)

    def read(self) -> list[str]:
        """Return the lines that are whole by now, each once."""
        while select.select([self.read_end], [], [], 0)[0]:
            self._begun += os.read(self.read_end, 65_536)
        *lines, self._begun = self._begun.split(b"\n")
        return [line.decode() for line in lines]


@pytest.fixture
def blocked(request: pytest.FixtureRequest) -> Iterator[Blocked]:
    """Yield a stderr of the kind that a test asks for."""
    blocked = Blocked(request.param)
    yield blocked
    os.close(blocked.read_end)
    os.close(blocked.write_end)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


async def _up_without_a_word(daemon: Daemon, until: Until, **how: Any) -> None:
    """Begin a life of which nothing can be read, and wait until it is ready."""
    port = _free_port()
    config = json.loads(daemon.config.read_text()) | {"server": {"listen": f"127.0.0.1:{port}"}}
    daemon.config.write_text(json.dumps(config))
    daemon.start(**how)
    daemon.url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            return httpx.get(f"{daemon.url}/readyz", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    await until("the daemon is ready", ready)


@pytest.fixture
def configured(apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor) -> Callable[..., Daemon]:
    """Return what makes a daemon whose configuration is JSON, which is YAML too."""

    def make(hook: Hook | None = None) -> Daemon:
        daemon = run_daemon({})
        store = {"url": f"sqlite:///{daemon.database}"}
        daemon.config.write_text(json.dumps({"store": store, **config_for(apis, hook)}))
        return daemon

    return make


@pytest.mark.parametrize("blocked", [_small_pipe, pytest.param(pty.openpty, marks=pytest.mark.slow)], indirect=True)
async def test_everything_else_goes_on(
    blocked: Blocked, apis: Apis, run_hook: RunHook, configured: Callable[..., Daemon], until: Until
) -> None:
    """Start, polls, webhooks, health checks, a reload and the end; the log of the next life tells what is missing."""
    hook = await run_hook()
    daemon = configured(hook)
    await _up_without_a_word(daemon, until, stderr=blocked.write_end)
    keys = apis.add(apis.nebula, count=20, phases=[(0, 1), (0.2, 2)])
    for key in keys:
        await daemon.post("/v1/watches", {"source": "graph", "job": {"job_id": key}})
    daemon.signal(signal.SIGHUP)
    await until("all jobs were told", lambda: all("job.succeeded" in hook.types(f"graph/{key}") for key in keys))
    assert (await daemon.get("/livez"))["status"] == "ok"
    assert await daemon.stop() == 0
    # A terminal takes a few lines more after it was full.
    taken = [line for line in blocked.read() if "job.succeeded" in line]
    await daemon.up()
    for key in keys:
        if not any(f"graph/{key}" in line for line in taken):
            await daemon.logged("job.succeeded", key=f"graph/{key}")


@pytest.mark.parametrize("blocked", [_pipe], indirect=True)
async def test_a_reader_that_comes_back_gets_whole_lines(
    blocked: Blocked, apis: Apis, configured: Callable[..., Daemon], until: Until
) -> None:
    """Each event once, none torn, and those that were said meanwhile are there, too."""
    daemon = configured()
    await _up_without_a_word(daemon, until, stderr=blocked.write_end)
    keys = apis.add(apis.nebula, count=20, phases=[(0, 2)])
    for key in keys:
        await daemon.post("/v1/watches", {"source": "graph", "job": {"job_id": key}})
    lines: list[dict[str, Any]] = []

    def told() -> set[str]:
        lines.extend(json.loads(line) for line in blocked.read() if not line.startswith("."))
        return {line["key"] for line in lines if line["event"] == "job.succeeded"}

    await until("all jobs were told", lambda: told() == {f"graph/{key}" for key in keys})
    ids = [line["id"] for line in lines if "id" in line]
    assert len(ids) == len(set(ids))
    assert "daemon.ready" in {line["event"] for line in lines}
    assert await daemon.stop() == 0


@pytest.mark.parametrize("blocked", [_pipe, pytest.param(_socket, marks=pytest.mark.slow)], indirect=True)
async def test_a_start_that_fails_ends(blocked: Blocked, configured: Callable[..., Daemon]) -> None:
    """Even though nobody can be told why; the status is the same."""
    daemon = configured()
    daemon.config.write_text("sources: {}")
    daemon.start(blocked.write_end)
    assert await daemon.exit_status() == 2


@pytest.mark.slow
async def test_no_file_becomes_stderr(configured: Callable[..., Daemon], until: Until) -> None:
    """A process that was started without one writes into none that it opens: its database is whole."""
    daemon = configured()
    await _up_without_a_word(daemon, until, redirection="0<&- 1>&- 2>&-")
    assert _file_behind(daemon.pid, 2) == Path(os.devnull)
    assert await daemon.stop() == 0
    assert daemon.database.read_bytes().startswith(b"SQLite format 3")


def _file_behind(process: int, descriptor: int) -> Path:
    return Path(f"/proc/{process}/fd/{descriptor}").readlink()
