"""The systemd units, judged by systemd itself."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from jobwatchd.settings.server import ShutdownSettings
from jobwatchd.signals import STOP_WITHIN_S

FOLDER = Path(__file__).parents[2] / "systemd"
UNIT = FOLDER / "jobwatchd.service"
TEMPLATE = FOLDER / "jobwatchd@.service"
MAX_EXPOSURE = 1.2

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture(params=[UNIT, TEMPLATE], ids=lambda file: file.name)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a unit with a program that is installed here instead of ours."""
    ours: Path = request.param
    text = re.sub(r"(?m)^(Exec\w+)=/opt/\S+", rf"\1={shutil.which('true')}", ours.read_text())
    file = tmp_path / ours.name.replace("@", "@instance")
    # The examples of credentials are checked as well.
    file.write_text(re.sub(r"(?m)^#(?=[A-Z]\w+=)", "", text))
    return file


def setting(name: str) -> str:
    """Return the value of a key that stands in the unit once."""
    (value,) = re.findall(rf"(?m)^{name}=(.*)$", UNIT.read_text())
    return str(value)


@needs_systemd
def test_systemd_understands_the_unit(unit: Path) -> None:
    """No key is unknown, misplaced or mistyped to the systemd that is here."""
    result = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=yes", unit], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


@needs_systemd
def test_the_service_is_shut_in(unit: Path) -> None:
    """Its exposure, as systemd counts it, is not above 1.2 of 10."""
    result = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MAX_EXPOSURE * 10:.0f}", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert float(re.findall(r"exposure level for \S+ ([\d.]+)", result.stdout)[0]) <= MAX_EXPOSURE


def test_an_instance_differs_only_in_its_names() -> None:
    """What the template has of its own is what tells instances apart; it is shut in and restarted alike."""
    keys = [[line for line in file.read_text().splitlines() if re.match(r"[A-Z]", line)] for file in (UNIT, TEMPLATE)]
    assert [line for line in keys[1] if line not in keys[0]] == [
        "Description=Watches jobs on remote systems and tells when they move (%i)",
        "ExecStart=/opt/jobwatchd/bin/jobwatchd run -c /etc/jobwatchd/%i.yaml",
        "ExecReload=/opt/jobwatchd/bin/jobwatchd check-config --quiet -c /etc/jobwatchd/%i.yaml",
        "StateDirectory=jobwatchd-%i",
        "Environment=JOBWATCHD_STORE__URL=sqlite:///%S/jobwatchd-%i/jobwatchd.db",
    ]
    assert len(keys[0]) == len(keys[1]) - 1


def test_the_service_notifies_and_is_watched() -> None:
    """Ready means ready, and a daemon that hangs is restarted."""
    assert setting("Type") == "notify"
    assert setting("WatchdogSec") == "30s"
    assert setting("Restart") == "on-failure"


def test_nothing_that_passes_stops_it_for_good() -> None:
    """However often a start fails, as on a disk that is full for a night, it is started again."""
    assert setting("StartLimitIntervalSec") == "0"
    assert "StartLimitBurst" not in UNIT.read_text()


def test_a_wrong_configuration_is_not_tried_again() -> None:
    """Status 2 is the same the next time."""
    assert setting("RestartPreventExitStatus") == "2"


def seconds(value: str | int) -> float:
    """Return a time as systemd, Compose and Kubernetes write it."""
    return float(str(value).removesuffix("s"))


def grace() -> dict[str, float]:
    """Return how long each of the ways in which it is deployed waits for its end, in seconds."""
    deploy = FOLDER.parent / "deploy"
    compose = yaml.safe_load((deploy / "compose/compose.yaml").read_text())
    base = yaml.safe_load((deploy / "kubernetes/base/deployment.yaml").read_text())
    sidecar = yaml.safe_load((deploy / "kubernetes/overlays/sidecar/job.yaml").read_text())
    helm = yaml.safe_load((deploy / "helm/jobwatchd/values.yaml").read_text())
    return {
        "systemd": seconds(setting("TimeoutStopSec")),
        "compose": seconds(compose["services"]["jobwatchd"]["stop_grace_period"]),
        "kubernetes": base["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        "sidecar": sidecar["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        "helm": helm["terminationGracePeriodSeconds"],
    }


@pytest.mark.parametrize("way", ["systemd", "compose", "kubernetes", "sidecar", "helm"])
def test_whoever_stops_it_waits_longer_than_it_takes(way: str) -> None:
    """A daemon that ends in its own time is not killed."""
    assert grace()[way] >= ShutdownSettings().drain + STOP_WITHIN_S + 5


def test_the_service_writes_where_the_store_is() -> None:
    """The default database is in the state directory."""
    assert setting("StateDirectory") == "jobwatchd"
    assert setting("DynamicUser") == "yes"
