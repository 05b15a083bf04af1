"""`jobwatchd health` against a running daemon."""

import sys
from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from starlette.responses import PlainTextResponse

from integration.web.daemon import Daemon, Switchboard

PROBLEM = "The lane of graph made no progress for 60 s."
# What a health check must not wait for: the daemon's own parts, and what they are made of.
HEAVY = ("jobwatchd.wiring", "jobwatchd.settings", "sqlalchemy", "pydantic", "fastapi", "httpx", "rich", "anyio")


async def _health(url: str, *options: str, **environment: str) -> Any:
    command = [sys.executable, "-Im", "jobwatchd", "health", *options]
    return await anyio.run_process(command, env={"JOBWATCHD_URL": url, **environment}, check=False)


@pytest.mark.parametrize(
    ("heartbeats", "status", "told"),
    [
        ((True, []), 0, ["ok"]),
        ((False, []), 1, ["starting"]),
        ((True, [PROBLEM, "Another."]), 1, ["unwell", PROBLEM, "Another."]),
    ],
)
async def test_the_status_is_that_of_readiness(
    daemon: Daemon, heartbeats: tuple[bool, list[str]], status: int, told: Sequence[str]
) -> None:
    """Exit status 0 only when ready; each problem is a line."""
    daemon.heartbeats.ready, daemon.heartbeats.stuck = heartbeats
    done = await _health(daemon.url)
    assert (done.returncode, done.stdout.decode().splitlines(), done.stderr) == (status, told, b"")


async def test_a_daemon_that_waits_for_its_store_is_alive(daemon: Daemon) -> None:
    """What restarts it had better not do so then; a loop that hangs is another matter."""
    daemon.heartbeats.waits = ["The disk is full."]
    done = await _health(daemon.url)
    assert (done.returncode, done.stdout.decode().splitlines()) == (1, ["unwell", "The disk is full."])
    assert (await _health(daemon.url, "--live")).returncode == 0
    daemon.heartbeats.stuck = [PROBLEM]
    done = await _health(daemon.url, "--live")
    assert (done.returncode, done.stdout.decode().splitlines()) == (1, ["unwell", PROBLEM])


async def test_the_environments_proxy_is_not_asked(daemon: Daemon) -> None:
    """A container with a proxy for its requests asks its own daemon directly."""
    done = await _health(f"{daemon.url}/", http_proxy="http://127.0.0.1:1")
    assert done.returncode == 0


async def test_nobody_answers() -> None:
    """A daemon that is not there is not ready; that is one sentence, not a traceback."""
    done = await _health("http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().splitlines() == [
        "Nothing answers at http://127.0.0.1:1: [Errno 111] Connection refused."
    ]


@pytest.mark.parametrize("body", ["hello", "[1]", '{"status": "ok"}', '{"status": "ok", "problems": null}'])
async def test_somebody_else_answers(switchboard: Switchboard, body: str) -> None:
    """An answer that is not the daemon's is not taken for health, though its status is 200."""
    switchboard.app = PlainTextResponse(body)
    done = await _health(switchboard.url)
    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"{switchboard.url} does not answer as jobwatchd would: ")
    assert "Traceback" not in done.stderr.decode()


async def test_what_is_no_address_is_refused() -> None:
    """Files and the like are not read."""
    done = await _health("file:///etc")
    assert done.returncode == 1
    assert b"expected an address such as http://" in done.stderr


async def test_it_loads_no_daemon() -> None:
    """A check that runs every few seconds imports little, and so starts quickly."""
    code = "import jobwatchd.cli.health, sys; print(*sys.modules)"
    done = await anyio.run_process([sys.executable, "-Ic", code])
    loaded = done.stdout.decode().split()
    assert "jobwatchd.cli.health" in loaded
    assert not set(HEAVY) & set(loaded)
