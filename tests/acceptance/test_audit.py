"""The real process says who changed what through its API, and the commands find their token in its own file."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from acceptance.processes import Apis, ConfigFor, Daemon, RunDaemon

CI, OPS = "planted-token-of-ci-0123", "planted-token-of-ops-0123"


@pytest.fixture
def tokens_file(tmp_path: Path) -> Path:
    """Return a file of two tokens, of which one has a name."""
    file = tmp_path / "tokens"
    _write(file, f"# who may\nci: {CI}\n{OPS}\n")
    return file


def _write(file: Path, text: str) -> None:
    file.write_text(text)


def _command(daemon: Daemon, tokens_file: Path, *arguments: str) -> str:
    command = [sys.executable, "-Im", "jobwatchd", "watch", *arguments]
    where = {"JOBWATCHD_URL": daemon.url, "JOBWATCHD_TOKEN_FILE": str(tokens_file)}
    return subprocess.run(command, env={**os.environ, **where}, check=True, capture_output=True, text=True).stdout


def _told(daemon: Daemon) -> list[tuple[str, str, str]]:
    found = [line for line in daemon.lines() if line["event"].startswith("api.watch")]
    assert {line["level"] for line in found} == {"info"}
    return [(line["event"], line["by"], line["job"]) for line in found]


async def test_changes_are_told_with_the_name_of_the_token(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor, tokens_file: Path
) -> None:
    """A command and another client, then a new name after a reload: a line for each change, and no token in any."""
    server = {"listen": "127.0.0.1:0", "tokens_file": str(tokens_file)}
    daemon = run_daemon({**config_for(apis), "server": server})
    daemon.start()
    daemon.url = f"http://{(await daemon.logged('daemon.ready'))['listen'][0]}"
    assert _command(daemon, tokens_file, "add", "graph", "job_id=1") == "Watching graph/1 (watch 1)\n"
    assert "Already" in _command(daemon, tokens_file, "add", "graph", "job_id=1")
    headers = {"Authorization": f"Bearer {OPS}"}
    async with httpx.AsyncClient(base_url=daemon.url, headers=headers, trust_env=False) as client:
        assert (await client.delete("/v1/watches/1")).status_code == 204
        _write(tokens_file, f"ops: {OPS}\n")
        assert (await daemon.reload())["event"] == "reload.done"
        assert (await client.post("/v1/watches", json={"source": "graph", "job": {"job_id": "2"}})).status_code == 201
    assert _told(daemon) == [
        ("api.watch_added", "ci", "graph/1"),
        ("api.watch_removed", "token-2", "graph/1"),
        ("api.watch_added", "ops", "graph/2"),
    ]
    assert "planted-token" not in daemon.logs[-1].read_text()
