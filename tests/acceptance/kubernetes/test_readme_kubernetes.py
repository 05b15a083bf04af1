"""The documentation's commands for Kubernetes, as far as they need no cluster."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from acceptance import readme

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def script(name: str) -> str:
    """Return the documentation's commands under a marker."""
    return "\n".join(readme.blocks(name))


def test_the_example_can_be_copied_and_looked_at(tmp_path: Path) -> None:
    """What it prints is what is applied."""
    shutil.copytree(ROOT / "deploy/kubernetes", tmp_path / "deploy/kubernetes")
    environment = {**os.environ, "PATH": f"{ROOT / 'build/tools/kubernetes/bin'}:{os.environ['PATH']}"}
    command = ["bash", "-euo", "pipefail", "-c", script("kubernetes-kustomize")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Deployment" in {manifest["kind"] for manifest in yaml.safe_load_all(done.stdout)}
