"""A simulated Explorer, and the commands that ask it, as a script would run them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from integration.cli.api import Api
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


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Serve jobs 1 (runs for ever), 2 (succeeds soon), 3 (has failed), 4 (was interrupted), 5 (has succeeded)."""
    simulator = NebulaSimulator(SystemClock())
    for job_id, age_s, phases in (
        ("1", 0, ((0, RUNNING),)),
        ("2", 0, ((0, QUEUED), (1, RUNNING), (6, SUCCEEDED))),
        ("3", 60, ((0, RUNNING), (1, FAILED))),
        ("4", 60, ((0, RUNNING), (1, INTERRUPTED))),
        ("5", 60, ((0, RUNNING), (1, SUCCEEDED))),
    ):
        simulator.world.roster.add(JobSpec(phases=phases, job_id=job_id, age_s=age_s))
    async with serve(simulator.app) as url:
        config = tmp_path / "jobwatchd.yaml"
        config.write_text(CONFIG.format(url=url, password=NebulaOptions().password))
        yield Api(config, simulator.world.roster)
