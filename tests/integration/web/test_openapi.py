"""The API keeps to its own description, whatever it is sent."""

import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

SCHEMATHESIS = [sys.executable, "-m", "schemathesis.cli", "run"]
OPTIONS = [
    "--header=Authorization: Bearer planted-token",
    "--phases=examples,coverage,fuzzing",
    "--max-examples=8",
    "--seed=1",
    "--no-shrink",
    "--continue-on-failure",
    "--generation-database=none",
    "--checks=all",
    # What names a job depends on the configured sources, which no schema can say: a well-formed body may not fit.
    "--exclude-checks=positive_data_acceptance",
    "--report=junit",
]


async def test_schemathesis_has_nothing_to_say(daemon: Any, tmp_path: Path):
    """Requests of every kind, fitting and not, get documented answers, and none of them breaks the server."""
    command = [*SCHEMATHESIS, *OPTIONS, f"--report-dir={tmp_path}", f"{daemon.url}/openapi.json"]
    result = await anyio.run_process(command, check=False, cwd=tmp_path)
    if result.returncode:
        pytest.fail(result.stdout.decode() + result.stderr.decode())
