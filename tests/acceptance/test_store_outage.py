"""A database that cannot be used for a while: the real process waits, says so, and goes on by itself."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from acceptance.hook import RunHook
from acceptance.processes import Apis, ConfigFor, Daemon, RunDaemon

# Holds the write lock, as a backup or a person at the `sqlite3` prompt does, until its input ends.
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
connection.execute("COMMIT")
"""
SIZE = 4 * 1024 * 1024


@contextmanager
def held(database: Path, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Hold the lock of a database in another process."""
    command = [sys.executable, "-I", "-c", HOLD, str(database), begin]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            holder.stdin.close()


async def ask(daemon: Daemon, path: str, body: Any = None) -> httpx.Response:
    """Return the daemon's answer, whatever it is."""
    async with httpx.AsyncClient(base_url=daemon.url, trust_env=False, timeout=30) as client:
        return await (client.get(path) if body is None else client.post(path, json=body))


def count(daemon: Daemon, event: str) -> int:
    """Return how many lines the present life has of an event."""
    return sum(line["event"] == event for line in daemon.lines())


async def test_a_locked_database_is_waited_out(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """A job ends while somebody else holds the lock: whoever asks is told so, and the end is told once it is free."""
    hook = await run_hook()
    [key] = apis.add(apis.nebula, phases=[(0, 1)])
    daemon = run_daemon(config_for(apis, hook))
    await daemon.up()
    await daemon.post("/v1/watches", {"source": "graph", "job": {"job_id": key}})
    await daemon.logged("job.running")
    with held(daemon.database):
        apis.cancel(key)
        line = await daemon.logged("store.unavailable")
        assert (line["reason"], line["level"]) == ("busy", "error")
        ready = await ask(daemon, "/readyz")
        assert ready.status_code == 503
        [problem] = ready.json()["problems"]
        assert problem.startswith(f"store {daemon.database} is locked by another process")
        assert (await ask(daemon, "/livez")).status_code == 200
        assert (await ask(daemon, "/v1/status")).json()["problems"] == [problem]
        assert "jobwatchd_store_up 0.0" in (await ask(daemon, "/metrics")).text
        refused = await ask(daemon, "/v1/watches", {"source": "graph", "job": {"job_id": "77"}})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.headers["content-type"] == "application/problem+json"
        assert "is locked by another process" in refused.json()["detail"]
        assert "job.cancelled" not in hook.types(f"graph/{key}")
    await daemon.logged("job.cancelled")
    assert (await daemon.logged("store.available"))["after_s"] > 0
    assert (await ask(daemon, "/readyz")).status_code == 200
    await daemon.delivered()
    assert hook.types(f"graph/{key}")[-1] == "job.cancelled"
    assert (count(daemon, "store.unavailable"), count(daemon, "store.available")) == (1, 1)
    assert await daemon.stop() == 0


async def test_a_daemon_that_waits_for_a_lock_stops_in_time(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """The drain is bounded as ever, the status is 0; what was not written is seen again by the next life."""
    hook = await run_hook()
    [key] = apis.add(apis.nebula, phases=[(0, 1)])
    daemon = run_daemon({**config_for(apis, hook), "shutdown": {"drain": "200ms"}})
    await daemon.up()
    await daemon.post("/v1/watches", {"source": "graph", "job": {"job_id": key}})
    await daemon.logged("job.running")
    with held(daemon.database):
        # Also while nothing is to be written.
        assert "is locked by another process" in (await ask(daemon, "/readyz")).json()["problems"][0]
        apis.cancel(key)
        await daemon.logged("store.unavailable")
        assert await daemon.stop() == 0
        assert count(daemon, "daemon.stopped") == 1
    await daemon.up()
    await daemon.logged("job.cancelled")
    await daemon.delivered()
    assert hook.types(f"graph/{key}")[-1] == "job.cancelled"


@pytest.mark.slow
async def test_a_start_waits_for_a_lock(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor, free_port: int
) -> None:
    """Alive and not ready, as a service manager wants to know; SIGTERM ends it with 0; once free, it is ready."""
    daemon = run_daemon({**config_for(apis), "server": {"listen": f"127.0.0.1:{free_port}"}})
    daemon.url = f"http://127.0.0.1:{free_port}"
    with held(daemon.database, "BEGIN EXCLUSIVE"):
        daemon.start()
        await daemon.logged("store.unavailable", reason="busy")
        assert await daemon.stop() == 0
        daemon.start()
        await daemon.logged("store.unavailable", reason="busy")
        assert (await ask(daemon, "/livez")).status_code == 200
        ready = await ask(daemon, "/readyz")
        assert ready.status_code == 503
        assert "is locked by another process" in ready.json()["problems"][0]
        early = await ask(daemon, "/v1/watches")
        assert (early.status_code, early.headers["retry-after"]) == (503, "5")
        assert "The daemon is starting" in early.json()["detail"]
    await daemon.ready()
    assert count(daemon, "store.available") == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> tuple[Path, list[str]]:
    """Return a folder, and the command that starts another with a small file system mounted there."""
    folder = tmp_path / "disk"
    folder.mkdir()
    script = f'mount -t tmpfs -o size={SIZE} tmpfs "$0" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, str(folder)]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("mounting a file system is not allowed here")
    return folder, command


def fill(file: Path) -> None:
    """Take all the room that is left on a file system."""
    with file.open("wb", buffering=0) as ballast:
        for size in (65_536, 4_096, 1):
            try:
                while ballast.write(b"x" * size):
                    pass
            except OSError:
                continue


def free(file: Path) -> None:
    """Give the room back."""
    file.unlink()


async def test_a_full_disk_is_waited_out(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor, small_disk: tuple[Path, list[str]]
) -> None:
    """Many jobs end while there is no room: nothing is lost, and it goes on by itself when there is."""
    hook = await run_hook()
    keys = apis.add(apis.nebula, count=60, phases=[(0, 1)])
    folder, wrapper = small_disk
    config = config_for(apis, hook)
    daemon = run_daemon({**config, "store": {"url": f"sqlite:///{folder}/jobwatchd.db"}})
    daemon.wrapper = wrapper
    await daemon.up()
    await daemon.post("/v1/watches/batch", [{"source": "graph", "job": {"job_id": key}} for key in keys])
    for key in keys:
        await daemon.logged("job.running", key=f"graph/{key}")
    ballast = Path(f"/proc/{daemon.pid}/root{folder}/ballast")
    fill(ballast)
    for key in keys:
        apis.cancel(key)
    assert (await daemon.logged("store.unavailable"))["reason"] == "full"
    ready = await ask(daemon, "/readyz")
    assert ready.status_code == 503
    assert "the disk is full; free some space" in ready.json()["problems"][0]
    assert (await ask(daemon, "/livez")).status_code == 200
    assert (await ask(daemon, "/v1/watches")).status_code == 200
    free(ballast)
    for key in keys:
        await daemon.logged("job.cancelled", key=f"graph/{key}")
    await daemon.delivered()
    assert {tuple(hook.types(f"graph/{key}"))[-1] for key in keys} == {"job.cancelled"}
    assert count(daemon, "store.unavailable") == count(daemon, "store.available") == 1
    assert (await ask(daemon, "/readyz")).status_code == 200
    assert await daemon.stop() == 0
