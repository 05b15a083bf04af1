"""`jobwatchd wait` as a script would run it: the real process against a real API."""

import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess

import anyio
import pytest

from jobwatchd.clock import SystemClock
from jobwatchd.simulator.nebula import NebulaOptions, NebulaSimulator
from jobwatchd.simulator.roster import JobSpec
from jobwatchd.simulator.server import serve

QUEUED, RUNNING, SUCCEEDED, FAILED, INTERRUPTED = range(5)
CONFIG = """
sources:
  graph:
    kind: nebula-explorer
    base_url: {url}
    account: root
    password: {password}
    graphd: {{address: 10.0.0.5}}
    poll: {{min_interval: 50ms, max_interval: 100ms, lost_after: {{not_found: 2, grace: 0s}}}}
"""


class Api:
    """A simulated Explorer with a job for each end, and a configuration that watches it."""

    def __init__(self, config: Path) -> None:
        self._config = config

    async def wait(self, *arguments: str) -> CompletedProcess[bytes]:
        """Run the command to its end."""
        command = [sys.executable, "-m", "jobwatchd", "wait", *arguments, "-c", str(self._config)]
        return await anyio.run_process(command, check=False, env={"PATH": os.environ["PATH"]})


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Serve jobs 1 (runs for ever), 2 (succeeds soon), 3 (has failed), 4 (was interrupted)."""
    simulator = NebulaSimulator(SystemClock())
    for job_id, age_s, phases in (
        ("1", 0, ((0, RUNNING),)),
        ("2", 0, ((0, QUEUED), (1, RUNNING), (6, SUCCEEDED))),
        ("3", 60, ((0, RUNNING), (1, FAILED))),
        ("4", 60, ((0, RUNNING), (1, INTERRUPTED))),
    ):
        simulator.world.roster.add(JobSpec(phases=phases, job_id=job_id, age_s=age_s))
    async with serve(simulator.app) as url:
        config = tmp_path / "jobwatchd.yaml"
        config.write_text(CONFIG.format(url=url, password=NebulaOptions().password))
        yield Api(config)


async def test_a_job_that_succeeds_is_told_step_by_step(api: Api):
    """One line an event on stderr, nothing on stdout, status 0."""
    result = await api.wait("graph", "2")
    assert (result.returncode, result.stdout) == (0, b"")
    told = [line.split()[2] for line in result.stderr.decode().splitlines() if " job." in line]
    assert told[-2:] == ["job.running", "job.succeeded"]


@pytest.mark.parametrize(("job", "status"), [("3", 1), ("4", 3), ("999", 4)])
async def test_the_status_says_how_the_job_ended(api: Api, job: str, status: int):
    """Failed, cancelled, lost."""
    assert (await api.wait("graph", job)).returncode == status


async def test_the_worst_of_several_ends_is_the_status(api: Api):
    """A script that waits for two jobs must not go on when one failed."""
    assert (await api.wait("graph", "2", "3", "4")).returncode == 1


async def test_a_job_that_does_not_end_in_time(api: Api):
    """The same status as timeout(1)."""
    result = await api.wait("graph", "1", "--timeout", "1s", "--json")
    assert (result.returncode, json.loads(result.stdout)) == (124, {"jobs": [{"job": "graph/1", "end": None}]})


async def test_json_has_every_end(api: Api):
    """One object on stdout."""
    result = await api.wait("graph", "3", "graph/4", "--json")
    ends = {"jobs": [{"job": "graph/3", "end": "failed"}, {"job": "graph/4", "end": "cancelled"}]}
    assert json.loads(result.stdout) == ends


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["grap", "1"], "'grap' is not configured; expected one of graph"),
        (["graph", "a/b"], "expected job_id"),
        (["graph", "x1"], "to be a number"),
        (["graph", "1", "--timeout", "soon"], "is not a duration"),
        (["graph"], "Missing argument"),
    ],
)
async def test_wrong_arguments_are_explained(api: Api, arguments: list[str], complaint: str):
    """Status 2, and a sentence that says what was expected."""
    result = await api.wait(*arguments)
    assert result.returncode == 2
    assert complaint in result.stderr.decode()


async def test_a_broken_configuration_is_status_2(api: Api):
    """As for every other command."""
    api._config.write_text("sources: {}")
    assert (await api.wait("graph", "1")).returncode == 2
