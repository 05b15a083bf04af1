"""Signals to the real process, at the moments that matter."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio.lowlevel
import pytest

from acceptance.processes import Apis, ConfigFor, Daemon, RunDaemon, Until

HANGUP = 1 << (signal.SIGHUP - 1)


def hears(pid: int) -> bool:
    """Whether a process keeps signals from doing what they do by themselves."""
    status = Path(f"/proc/{pid}/status").read_text()
    kept = re.search(r"SigBlk:\s*(\w+)", status)
    return kept is not None and bool(int(kept[1], 16) & HANGUP)


async def begun(daemon: Daemon, until: Callable[..., Any]) -> None:
    """Begin a life, and return as soon as it hears signals, long before it is ready."""
    daemon.start()
    await until("it hears signals", lambda: hears(daemon.pid))


def reloads(daemon: Daemon) -> int:
    """Return how often its present life has read its configuration again."""
    return len([line for line in daemon.lines() if line["event"].startswith("reload.")])


async def test_a_reload_that_is_wanted_too_early_comes_afterwards(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor, until: Until
) -> None:
    """SIGHUP while it starts does not end it: it becomes ready, and reads its configuration once more."""
    daemon = run_daemon(config_for(apis))
    await begun(daemon, until)
    for _ in range(3):
        daemon.signal(signal.SIGHUP)
    await daemon.ready()
    await daemon.logged("reload.done")
    assert await daemon.stop() == 0
    assert reloads(daemon) == 1


@pytest.fixture
def endless(tmp_path: Path, until: Callable[..., Any]) -> Iterator[Callable[[Path], Any]]:
    """Return what puts a file with no end in a file's place, and returns what waits until it is read."""
    opened: list[int] = []
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def is_read() -> bool:
        try:
            opened.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    def replace(file: Path) -> Callable[[], Any]:
        file.unlink()
        file.symlink_to(pipe)
        return lambda: until("the file is being read", is_read)

    yield replace
    for number in opened:
        os.close(number)


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
async def test_it_can_be_stopped_while_it_reads_its_configuration(
    number: int, apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor, endless: Any
) -> None:
    """Status 0, at once: nothing was begun."""
    daemon = run_daemon(config_for(apis))
    being_read = endless(daemon.config)
    daemon.start()
    await being_read()
    daemon.signal(signal.SIGHUP)
    daemon.signal(number)
    assert await daemon.exit_status() == 0
    assert daemon.lines() == []


async def test_it_can_be_stopped_while_it_waits_for_its_database(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor, until: Until
) -> None:
    """Another program holds the lock: status 0, at once."""
    daemon = run_daemon(config_for(apis))
    daemon.database.touch()
    with sqlite3.connect(daemon.database, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        await begun(daemon, until)
        # Taken just before the database is opened.
        lock = daemon.database.with_name("jobwatchd.db.lock")
        await until("it has come to the database", lock.exists)
        daemon.signal(signal.SIGTERM)
        assert await daemon.exit_status() == 0


@pytest.mark.slow
async def test_many_requests_to_reload_are_few_reloads(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """Those that come while one runs are one more; and signals that come while it stops do not change its status."""
    watches = [{"source": "graph", "job": {"job_id": number}} for number in range(1, 2_001)]
    daemon = run_daemon(config_for(apis, max_interval="1h", min_interval="1h", rate="1/h") | {"watches": watches})
    await daemon.up()
    for _ in range(20):
        daemon.signal(signal.SIGHUP)
    await daemon.logged("reload.done")
    daemon.signal(signal.SIGTERM)
    assert daemon.process is not None
    while daemon.process.poll() is None:
        daemon.signal(signal.SIGHUP)
        await anyio.lowlevel.checkpoint()
    assert await daemon.exit_status() == 0
    assert reloads(daemon) <= 2
    assert daemon.lines()[-1]["event"] == "daemon.stopped"


async def test_a_stop_does_not_wait_for_a_reload(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor, endless: Any
) -> None:
    """A file that cannot be read to its end, on a network that is gone, holds up nobody."""
    daemon = run_daemon(config_for(apis))
    await daemon.up()
    being_read = endless(daemon.config)
    daemon.signal(signal.SIGHUP)
    await being_read()
    assert (await daemon.get("/readyz"))["status"] == "ok"
    assert await daemon.stop() == 0
    assert daemon.lines()[-1]["event"] == "daemon.stopped"
    assert reloads(daemon) == 0


@pytest.mark.slow
async def test_signals_that_mean_nothing_do_nothing(apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor) -> None:
    """Those by which others are told that their log files have gone."""
    daemon = run_daemon(config_for(apis))
    await daemon.up()
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
        daemon.signal(number)
    assert (await daemon.get("/readyz"))["status"] == "ok"
    assert await daemon.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
async def test_as_the_first_process_of_a_container_it_hears_the_same(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor, until: Until
) -> None:
    """There the kernel keeps from a process what it does not ask for, which until then is everything."""
    daemon = run_daemon(config_for(apis))
    command = ["unshare", "--fork", "--pid", "--kill-child", sys.executable, "-Im", "jobwatchd", "run"]
    log = daemon.folder / "first.log"
    daemon.logs.append(log)
    with log.open("wb") as stream:
        daemon.process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
            [*command, "-c", daemon.config], stdout=stream, stderr=stream, start_new_session=True
        )
    children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children")
    [first] = await until("it was started", lambda: children.read_text().split())
    await until("it hears signals", lambda: hears(int(first)))
    os.kill(int(first), signal.SIGHUP)
    await daemon.ready()
    await daemon.logged("reload.done")
    os.kill(int(first), signal.SIGTERM)
    assert await daemon.exit_status() == 0
