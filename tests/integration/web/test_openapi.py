"""The API keeps to its own description, whatever it is sent."""

import sys
from pathlib import Path

import anyio
import pytest

from integration.web.daemon import Daemon

SCHEMATHESIS = [sys.executable, "-m", "schemathesis.cli", "run"]
OPTIONS = [
    "--header=Authorization: Bearer planted-token",
    "--seed=1",
    "--no-shrink",
    "--continue-on-failure",
    "--generation-database=none",
    "--checks=all",
    # What names a job depends on the configured sources, which no schema can say: a well-formed body may not fit.
    "--exclude-checks=positive_data_acceptance",
    "--report=junit",
]


@pytest.mark.parametrize(
    ("phases", "examples"),
    [("examples,fuzzing", 2), pytest.param("examples,coverage,fuzzing", 30, marks=pytest.mark.slow)],
)
async def test_schemathesis_has_nothing_to_say(daemon: Daemon, tmp_path: Path, phases: str, examples: int) -> None:
    """Requests of every kind, fitting and not, get documented answers, and none of them breaks the server."""
    wanted = [f"--phases={phases}", f"--max-examples={examples}", f"--report-dir={tmp_path}"]
    command = [*SCHEMATHESIS, *OPTIONS, *wanted, f"{daemon.url}/openapi.json"]
    result = await anyio.run_process(command, check=False, cwd=tmp_path)
    if result.returncode:
        pytest.fail(result.stdout.decode() + result.stderr.decode())
