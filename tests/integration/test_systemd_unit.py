"""The systemd unit, judged by systemd itself."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from jobwatchd.settings.server import ShutdownSettings

UNIT = Path(__file__).parents[2] / "systemd" / "jobwatchd.service"
MAX_EXPOSURE = 1.2

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit with a program that is installed here instead of ours."""
    text = re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={shutil.which('true')}", UNIT.read_text())
    file = tmp_path / "jobwatchd.service"
    # The examples of credentials are checked as well.
    file.write_text(re.sub(r"(?m)^#(?=[A-Z]\w+=)", "", text))
    return file


def setting(name: str) -> str:
    """Return the value of a key that stands in the unit once."""
    (value,) = re.findall(rf"(?m)^{name}=(.*)$", UNIT.read_text())
    return str(value)


@needs_systemd
def test_systemd_understands_the_unit(unit: Path):
    """No key is unknown, misplaced or mistyped to the systemd that is here."""
    result = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=yes", unit], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


@needs_systemd
def test_the_service_is_shut_in(unit: Path):
    """Its exposure, as systemd counts it, is not above 1.2 of 10."""
    result = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MAX_EXPOSURE * 10:.0f}", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert float(re.findall(r"exposure level for \S+ ([\d.]+)", result.stdout)[0]) <= MAX_EXPOSURE


def test_the_service_notifies_and_is_watched():
    """Ready means ready, and a daemon that hangs is restarted."""
    assert setting("Type") == "notify"
    assert setting("WatchdogSec") == "30s"
    assert setting("Restart") == "on-failure"


def test_a_wrong_configuration_is_not_tried_again():
    """Status 2 is the same the next time."""
    assert setting("RestartPreventExitStatus") == "2"


def test_systemd_waits_longer_than_the_drain():
    """A daemon that drains in its own time is not killed."""
    assert float(setting("TimeoutStopSec").removesuffix("s")) >= ShutdownSettings().drain + 20


def test_the_service_writes_where_the_store_is():
    """The default database is in the state directory."""
    assert setting("StateDirectory") == "jobwatchd"
    assert setting("DynamicUser") == "yes"
