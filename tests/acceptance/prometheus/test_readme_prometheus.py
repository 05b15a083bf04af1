"""The documentation's commands for Prometheus."""

import subprocess
from pathlib import Path

import pytest

from acceptance import readme

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


def script(name: str) -> str:
    """Return the documentation's commands under a marker."""
    return "\n".join(readme.blocks(name))


def test_promtool_finds_no_fault_with_configuration_and_rules() -> None:
    """Whoever reads the page sees the same."""
    command = ["bash", "-euo", "pipefail", "-c", script("prometheus-check")]
    done = subprocess.run(command, cwd=HERE.parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") >= 6
