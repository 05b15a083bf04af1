"""The benchmark itself: that it runs, and that its load server speaks the languages it says it speaks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from jobwatchd.clock import SystemClock
from jobwatchd.http.client import HttpOptions, build_http_client
from jobwatchd.model.job import JobReference, State
from jobwatchd.rotation import Rotating
from jobwatchd.sources.nebula_explorer.login import NebulaAccount
from jobwatchd.sources.nebula_explorer.source import NebulaExplorer
from jobwatchd.sources.telestream_up.source import TelestreamUp

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
SPACE, WORKFLOW = "d290f1ee-6c54-4b01-90e6-d701748f0851", "e3c90001"


@pytest.fixture
def base_url() -> Iterator[str]:
    """Run the load server, on a port that the system chooses."""
    command = [sys.executable, "-m", "bench.server"]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


def _begin(base_url: str, **script: float) -> None:
    httpx.get(f"{base_url}/admin/script", params=script).raise_for_status()


def _nebula(base_url: str) -> NebulaExplorer:
    return NebulaExplorer(
        "graph",
        base_url,
        NebulaAccount("bench", Rotating.constant("bench"), "127.0.0.1", 9669),
        client=build_http_client("pyreqwest", HttpOptions()),
        clock=SystemClock(),
    )


async def test_nebula_jobs_are_read_singly_and_by_list(base_url: str) -> None:
    """The daemon's own source logs in, and sees the same running job in its detail and in its workflow's pages."""
    _begin(base_url, jobs=2_500, workflows=10)
    source = _nebula(base_url)
    refs = [JobReference("graph", str(10_000_000 + index)) for index in range(1, 2_500, 10)]
    _, seen = await source.observe(refs[0], 0)
    listing = await source.observe_many("3000000001", refs)
    await source.close()
    assert seen is not None
    assert (seen.state, seen.group, len(seen.tasks)) == (State.RUNNING, "3000000001", 1)
    assert [listing.found[ref].state for ref in refs] == [State.RUNNING] * 250
    assert listing.requests == 3


async def test_scripted_changes_show(base_url: str) -> None:
    """Of jobs that change in turn, the first ones run at the start, those that ran long have ended, the last wait."""
    _begin(base_url, jobs=100_000, rate=20_000, run_s=0.001, tasks=0)
    source = _nebula(base_url)
    _, first = await source.observe(JobReference("graph", "10000000"), 0)
    _, last = await source.observe(JobReference("graph", "10099999"), 0)
    await source.close()
    assert first is not None
    assert last is not None
    assert (first.state, last.state) == (State.SUCCEEDED, State.QUEUED)
    assert first.facts.finished_at is not None


async def test_telestream_jobs_are_read(base_url: str) -> None:
    """The daemon's own source sees a running job."""
    _begin(base_url, jobs=50, workflows=10)
    client = build_http_client("pyreqwest", HttpOptions())
    source = TelestreamUp("media", base_url, api_key=Rotating.constant("bench"), client=client, clock=SystemClock())
    _, seen = await source.observe(JobReference.of("media", [SPACE, WORKFLOW, f"{11:032x}"]), 0)
    await source.close()
    assert seen is not None
    assert seen.state is State.RUNNING


def test_receipts_are_timed_and_doubles_counted(base_url: str) -> None:
    """A webhook is held against the instant of the change that it tells of; the same event again is no second one."""
    _begin(base_url, jobs=10, rate=2_000, run_s=60)
    event = {"id": "a", "type": "dev.jobwatchd.job.running.v1", "subject": "graph/10000001"}
    for _ in range(2):
        httpx.post(f"{base_url}/hook", json=event)
    seen = httpx.get(f"{base_url}/admin/receipts", params={"from": 0, "to": 60}).json()
    assert (seen["changes"], seen["received"], seen["twice"]) == (1, 2, 1)
    assert seen["p99_s"] > 0


def test_a_report_is_printed_and_saved(tmp_path: Path) -> None:
    """A run ends well, states the machine, and saves the figures that it prints."""
    saved = tmp_path / "bench.json"
    command = [sys.executable, "-m", "bench", "--quick", "--only", "cadence", "--json", str(saved)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    report = json.loads(saved.read_text())
    assert report["machine"]["python"]
    assert all(figure["name"] in done.stdout for figure in report["figures"])


@pytest.mark.slow
def test_the_daemon_is_measured(tmp_path: Path) -> None:
    """A quick scenario starts the real daemon beside the load server, and finds what a poll costs."""
    saved = tmp_path / "bench.json"
    command = [sys.executable, "-m", "bench", "--quick", "--only", "growth", "--json", str(saved)]
    subprocess.run(command, env=ENVIRONMENT, check=True)
    rows = json.loads(saved.read_text())["tables"][0]["rows"]
    assert all(cost > 0 for _, _, cost, _ in rows)
