"""A database that cannot be used ends the real process with status 1 and one clear line, and is left as it is."""

import os
from pathlib import Path

import pytest

from acceptance.processes import Apis, ConfigFor, Daemon, RunDaemon


async def _refusal(daemon: Daemon) -> str:
    """Start the daemon, which is to end with status 1, and return its last words."""
    daemon.start()
    assert await daemon.exit_status() == 1
    [line] = daemon.lines()
    assert line["event"] == "daemon.failed"
    message: str = line["message"]
    return message


@pytest.mark.slow
async def test_a_folder_that_cannot_be_written(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor, tmp_path: Path
) -> None:
    """The line says what to make writable."""
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        folder = Path("/sys/kernel")  # root may write everywhere but here
    daemon = run_daemon(config_for(apis) | {"store": {"url": f"sqlite:///{folder}/jobwatchd.db"}})
    line = await _refusal(daemon)
    assert f"{folder}/jobwatchd.db cannot be written; make it and its folder writable" in line


@pytest.mark.slow
async def test_a_file_that_is_no_database(apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor) -> None:
    """The line says so, and the file stays what it is."""
    daemon = run_daemon(config_for(apis))
    daemon.database.write_text("not a database, but somebody's notes\n" * 100)
    before = daemon.database.read_bytes()
    assert f"{daemon.database} is not a SQLite database" in await _refusal(daemon)
    assert daemon.database.read_bytes() == before


async def test_a_damaged_database(apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor) -> None:
    """Damage is found at the start, before anything is decided by what is left."""
    keys = apis.add(apis.nebula, count=50)
    daemon = run_daemon(config_for(apis))
    await daemon.up()
    await daemon.post("/v1/watches/batch", [{"source": "graph", "job": {"job_id": key}} for key in keys])
    assert await daemon.stop() == 0
    content = bytearray(daemon.database.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    daemon.database.write_bytes(content)
    assert f"{daemon.database} is damaged; restore it from a backup" in await _refusal(daemon)


async def test_a_second_daemon_is_refused(apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor) -> None:
    """Two processes on one file would both tell; the second ends, and the first goes on."""
    first = run_daemon(config_for(apis))
    await first.up()
    second = run_daemon(config_for(apis) | {"store": {"url": f"sqlite:///{first.database}"}}, name="second")
    assert f"another jobwatchd is using {first.database}" in await _refusal(second)
    assert (await first.get("/readyz"))["status"] == "ok"


async def test_a_database_that_disappears_ends_the_process(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """SQLite would write on into the file that is gone; the process ends instead of losing what it has to tell."""
    [key] = apis.add(apis.nebula, phases=[(0, 1)])
    daemon = run_daemon(config_for(apis))
    await daemon.up()
    await daemon.post("/v1/watches", {"source": "graph", "job": {"job_id": key}})
    await daemon.logged("job.running")
    for part in daemon.folder.glob("jobwatchd.db*"):
        part.unlink()
    apis.cancel(key)
    assert await daemon.exit_status() == 1
    assert f"store {daemon.database} was removed or replaced while in use" in daemon.logs[-1].read_text()
