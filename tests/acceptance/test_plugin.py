"""A package that brings kinds of its own, installed beside jobwatchd, and its real processes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from acceptance.processes import RunDaemon, Until

PACKAGE = Path(__file__).with_name("plugin")
SECRET = "planted-spool-5f2c"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a folder in which the package is installed, to be broken in one place or another."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "installed"))


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    """Return a configuration with both kinds, and a job that runs."""
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool/nightly").write_text("running")
    return {
        "sources": {
            "files": {
                "kind": "spool",
                "folder": str(tmp_path / "spool"),
                "passwords": {"one": SECRET},
                "poll": {"interval": "50ms"},
            }
        },
        "sinks": {"lines": {"kind": "lines", "file": str(tmp_path / "events")}},
        "watches": [{"source": "files", "job": {"file": "nightly"}}],
        "server": {"listen": "127.0.0.1:0"},
        "log": {"format": "json", "level": "debug"},
    }


@pytest.fixture
def jobwatchd(package: Path, tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Return what runs a command in whose reach the package is."""

    def run(*command: str, config: Any = None) -> "subprocess.CompletedProcess[str]":
        file = tmp_path / "checked.yaml"
        file.write_text(yaml.safe_dump({"store": {"url": f"sqlite:///{tmp_path}/x.db"}, **(config or {})}))
        return subprocess.run(
            [sys.executable, "-m", "jobwatchd", *command, *(["-c", str(file)] if config else [])],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(package)},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def entry_points(package: Path, text: str) -> None:
    """Have the package bring something else."""
    (package / "jobwatchd_spool-1.0.dist-info/entry_points.txt").write_text(text)


async def test_its_kinds_work_as_those_that_are_there(
    run_daemon: RunDaemon, until: Until, package: Path, config: dict[str, Any], tmp_path: Path
) -> None:
    """A job is polled, its end is told, and the secret that only the package knows of is masked."""
    wrapper = ["env", f"PYTHONPATH={package}", "sh", "-c", 'python=$1; shift 2; exec "$python" -m "$@"', "sh"]
    daemon = run_daemon(config)
    daemon.wrapper = wrapper
    await daemon.up()
    (tmp_path / "spool/nightly").write_text(f"failed it said {SECRET}")
    told = tmp_path / "events"
    await until("the end is told", lambda: told.exists() and "job.failed" in told.read_text())
    assert await daemon.stop() == 0
    events = [json.loads(line) for line in told.read_text().splitlines()]
    assert events[-1]["type"] == "job.failed"
    assert "it said ****" in json.dumps(events[-1])
    assert SECRET not in told.read_text() + daemon.logs[-1].read_text()


def test_its_sections_are_checked(jobwatchd: Any, config: dict[str, Any]) -> None:
    """As all are: what is right is taken, a key that is unknown is told with the one that was meant."""
    assert jobwatchd("check-config", config=config).returncode == 0
    config["sources"]["files"]["foldr"] = config["sources"]["files"].pop("folder")
    said = jobwatchd("check-config", config=config)
    assert said.returncode == 2
    assert "sources.files.foldr: unknown key, did you mean `folder`?" in said.stderr


def test_editors_know_its_kinds(jobwatchd: Any) -> None:
    """They are in the JSON Schema of the configuration."""
    schema = json.loads(jobwatchd("config-schema").stdout)
    assert {"SpoolSource", "LinesSink"} <= schema["$defs"].keys()


@pytest.mark.parametrize(
    ("brought", "told"),
    [
        (
            "[jobwatchd.sources]\nspool = jobwatchd_spool.nothing:Spool",
            "package jobwatchd-spool 1.0: the source kind spool cannot be loaded (ModuleNotFoundError: ",
        ),
        (
            "[jobwatchd.sources]\nspool = jobwatchd_spool.source:Spool",
            "package jobwatchd-spool 1.0: the source kind spool is of no use; expected a SourceSection",
        ),
        (
            "[jobwatchd.sources]\nspoool = jobwatchd_spool.source:SpoolSource",
            "package jobwatchd-spool 1.0: the source kind spoool has another kind in its section; expected kind: Lit",
        ),
    ],
)
def test_what_it_does_wrong_is_told(
    jobwatchd: Any, package: Path, config: dict[str, Any], brought: str, told: str
) -> None:
    """With the name of the package, and nothing else."""
    entry_points(package, brought)
    said = jobwatchd("check-config", config=config)
    assert said.returncode == 2
    assert told in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("kind", ["http-json", "airflow"])
def test_a_kind_that_is_there_is_not_replaced(jobwatchd: Any, package: Path, config: dict[str, Any], kind: str) -> None:
    """Neither one of jobwatchd's own nor a preset; the package is named."""
    source = package / "jobwatchd_spool/source.py"
    source.write_text(source.read_text().replace('Literal["spool"]', f'Literal["{kind}"]'))
    entry_points(package, f"[jobwatchd.sources]\n{kind} = jobwatchd_spool.source:SpoolSource")
    said = jobwatchd("check-config", config=config)
    assert said.returncode == 2
    assert f"package jobwatchd-spool 1.0: the source kind {kind} is there already" in said.stderr
