"""`jobwatchd events` against a running daemon."""

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import ByteReceiveStream
from starlette.responses import PlainTextResponse

from integration.web.daemon import Daemon, Switchboard
from jobwatchd.model.job import State

COMMAND = [sys.executable, "-Im", "jobwatchd", "events"]


@pytest.fixture
def environment(daemon: Daemon, tmp_path: Path) -> dict[str, str]:
    """Tell the command where the daemon is."""
    token_file = tmp_path / "token"
    token_file.write_text("planted-token\n")
    return {"JOBWATCHD_URL": daemon.url, "JOBWATCHD_TOKEN_FILE": str(token_file)}


async def _events(environment: dict[str, str], *options: str) -> Sequence[dict[str, Any]]:
    """Run the command to its end, and return its JSON lines."""
    done = await anyio.run_process([*COMMAND, "--json", *options], env=environment)
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_the_latest_events_come_in_order(environment: dict[str, str], daemon: Daemon) -> None:
    """Without a position the latest events are shown, the oldest of them first."""
    await daemon.see(await daemon.watch("1"), State.QUEUED, State.RUNNING, State.FAILED)
    told = await _events(environment, "--limit", "2")
    assert [each["state"] for each in told] == ["running", "failed"]


async def test_all_after_a_position(environment: dict[str, str], daemon: Daemon) -> None:
    """With a position everything after it is shown, also where that is more than a page."""
    watch = await daemon.watch("1")
    for _ in range(251):
        watch = await daemon.see(watch, State.QUEUED, State.RUNNING)
    told = await _events(environment, "--after", "1")
    assert [each["position"] for each in told] == list(range(2, 503))


async def test_filters(environment: dict[str, str], daemon: Daemon) -> None:
    """The options keep the events that they say."""
    await daemon.see(await daemon.watch("1"), State.QUEUED, State.RUNNING, State.FAILED)
    told = await _events(environment, "--source", "graph", "--type", "job.failed", "--type", "job.queued")
    assert [each["state"] for each in told] == ["queued", "failed"]
    assert await _events(environment, "--source", "media") == []


async def test_people_get_a_table(environment: dict[str, str], daemon: Daemon) -> None:
    """Without --json each event is one line with aligned columns."""
    await daemon.see(await daemon.watch("1"), State.FAILED, error="disk full")
    done = await anyio.run_process(COMMAND, env=environment)
    assert done.stdout.decode().splitlines() == [
        "POSITION  OBSERVED              EVENT       JOB      DETAIL",
        "1         2026-01-01 00:00:00Z  job.failed  graph/1  disk full",
    ]


async def test_following_tells_what_happens_until_interrupted(environment: dict[str, str], daemon: Daemon) -> None:
    """What happens while the command runs is told at once, until Ctrl-C ends it."""
    watch = await daemon.see(await daemon.watch("1"), State.QUEUED)
    async with await anyio.open_process([*COMMAND, "--follow", "--json"], env=environment) as process:
        assert process.stderr is not None
        lines = _Lines(process.stdout)
        with anyio.fail_after(20):
            assert (await lines.next())["state"] == "queued"
            await daemon.see(watch, State.FAILED)
            assert (await lines.next())["state"] == "failed"
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 130


async def test_following_outlives_a_restart(
    environment: dict[str, str], daemon: Daemon, switchboard: Switchboard
) -> None:
    """While the daemon is away that is told once; then nothing is missing, and nothing comes twice."""
    watch = await daemon.see(await daemon.watch("1"), State.QUEUED)
    async with await anyio.open_process([*COMMAND, "--follow", "--json"], env=environment) as process:
        assert process.stderr is not None
        lines = _Lines(process.stdout)
        with anyio.fail_after(20):
            assert (await lines.next())["state"] == "queued"
            switchboard.app = PlainTextResponse("away", 503)
            watch = await daemon.see(watch, State.RUNNING)
            told = b""
            while b"Trying again until it answers.\n" not in told:
                told += await process.stderr.receive()
            watch = await daemon.see(watch, State.FAILED)
            switchboard.app = daemon.app
            assert [(await lines.next())["state"] for _ in range(2)] == ["running", "failed"]
            await daemon.see(await daemon.watch("2"), State.SUCCEEDED)
            assert (await lines.next())["state"] == "succeeded"
            process.terminate()
            assert await process.wait() == 143


async def test_following_begins_anew_with_a_new_database(
    environment: dict[str, str], daemon: Daemon, switchboard: Switchboard
) -> None:
    """Its positions begin at one again."""
    await daemon.see(await daemon.watch("1"), State.QUEUED, State.RUNNING)
    async with await anyio.open_process([*COMMAND, "--follow", "--json"], env=environment) as process:
        assert process.stderr is not None
        lines = _Lines(process.stdout)
        with anyio.fail_after(20):
            assert [(await lines.next())["state"] for _ in range(2)] == ["queued", "running"]
            switchboard.app = PlainTextResponse("away", 503)
            await process.stderr.receive()
            another = Daemon(url=switchboard.url)
            await another.see(await another.watch("1"), State.FAILED)
            switchboard.app = another.app
            assert (await lines.next())["state"] == "failed"
            process.terminate()


async def test_following_ends_where_nothing_will_help(environment: dict[str, str], daemon: Daemon) -> None:
    """A token that is refused meanwhile is told, with a status of its own."""
    await daemon.see(await daemon.watch("1"), State.QUEUED)
    async with await anyio.open_process([*COMMAND, "--follow", "--json"], env=environment) as process:
        with anyio.fail_after(20):
            await _Lines(process.stdout).next()
            daemon.tokens = {"ci": "another"}
            await daemon.see(await daemon.watch("2"), State.QUEUED)
            assert await process.wait() == 77


async def test_no_daemon_is_status_69(environment: dict[str, str]) -> None:
    """Where nothing listens, the status says so and standard output stays empty."""
    done = await anyio.run_process([*COMMAND, "--url", "http://127.0.0.1:1"], env=environment, check=False)
    assert (done.returncode, done.stdout) == (69, b"")


@pytest.mark.parametrize("options", [["--type", "job.exploded"], ["--after", "-1"], ["--limit", "0"], ["more"]])
async def test_wrong_usage_has_its_own_status(environment: dict[str, str], options: Sequence[str]) -> None:
    """What cannot be understood is status 2."""
    done = await anyio.run_process([*COMMAND, *options], env=environment, check=False)
    assert done.returncode == 2


class _Lines:
    """JSON lines from a stream of bytes."""

    def __init__(self, stream: ByteReceiveStream | None) -> None:
        assert stream is not None
        self._stream = stream
        self._rest = b""

    async def next(self) -> dict[str, Any]:
        """Return the next document."""
        while b"\n" not in self._rest:
            self._rest += await self._stream.receive()
        line, self._rest = self._rest.split(b"\n", 1)
        document: dict[str, Any] = json.loads(line)
        return document
