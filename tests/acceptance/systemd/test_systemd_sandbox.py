"""What the unit's hardening forbids is tried from inside it, and refused."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PROBE = Path(__file__).with_name("probe.py")
# Root of a container is refused these too: there a refusal proves nothing, and only the unit's score speaks.
NOT_IN_A_CONTAINER = {"write the kernel's settings", "write a control group"}


@pytest.fixture(scope="module")
def probed(machine: Any) -> Mapping[str, Mapping[str, Any]]:
    """Return what the probe found as root of the machine, and in the sandboxes of the unit and of the template."""
    machine.write("/opt/probe/probe.py", PROBE.read_text())
    machine.write("/home/somebody/secret", "planted", 0o644)
    machine.write("/root/secret", "planted", 0o644)
    machine.write("/etc/jobwatchd/secrets/planted", "planted", 0o600)
    command = "/usr/bin/python3 /opt/probe/probe.py"
    found = {"root": json.loads(machine.run("sh", "-c", command))}
    for unit, instance in (("jobwatchd.service", ""), ("jobwatchd@.service", "probed")):
        text = machine.path(f"/etc/systemd/system/{unit}").read_text()
        text = re.sub(r"(?m)^(Restart|WatchdogSec|Type|NotifyAccess).*\n", "", text)
        text = re.sub(
            r"(?m)^ExecStart=.*$", f"Type=oneshot\nExecStart={command}\nStandardOutput=file:/run/probed.json", text
        )
        text = re.sub(r"(?m)^StateDirectory=.*$", "StateDirectory=probe", text)
        name = unit.replace("jobwatchd", "probe")
        machine.write(f"/etc/systemd/system/{name}", text)
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "start", name.replace("@", f"@{instance}"))
        found[unit] = json.loads(machine.run("cat", "/run/probed.json"))
    return found


def test_root_of_the_machine_could(probed: Mapping[str, Mapping[str, Any]]) -> None:
    """What is refused in the sandbox succeeds outside of it: the refusals are the sandbox's."""
    refused = {name: why for name, why in probed["root"]["forbidden"].items() if why is not None}
    assert set(refused) == NOT_IN_A_CONTAINER, refused


@pytest.mark.parametrize("unit", ["jobwatchd.service", "jobwatchd@.service"])
def test_the_sandbox_refuses(probed: Mapping[str, Mapping[str, Any]], shown: list[str], unit: str) -> None:
    """Nothing of it can be done from inside, by a user that is not root."""
    tried = probed[unit]["forbidden"]
    assert [name for name, why in tried.items() if why is None] == []
    assert probed[unit]["uid"] >= 61184, "not a dynamic user"
    shown.append(f"{unit}: {len(tried)} things refused in its sandbox: {', '.join(tried)}")


@pytest.mark.parametrize("unit", ["jobwatchd.service", "jobwatchd@.service"])
def test_the_sandbox_permits_what_the_daemon_needs(probed: Mapping[str, Mapping[str, Any]], unit: str) -> None:
    """The probe itself is not what is refused."""
    assert set(probed[unit]["permitted"].values()) == {None}, probed[unit]["permitted"]


def test_both_units_are_shut_in_alike(machine: Any, shown: list[str]) -> None:
    """As installed, systemd finds no fault with them and counts an exposure of at most 1.2."""
    for unit in ("jobwatchd.service", "jobwatchd@.service"):
        file = f"/etc/systemd/system/{unit}"
        done = machine.try_("systemd-analyze", "verify", "--recursive-errors=yes", file)
        assert (done.returncode, done.stderr) == (0, "")
        text = machine.run("systemd-analyze", "security", "--offline=true", "--threshold=12", "--no-pager", file)
        shown.append(f"{unit}: exposure {re.findall(r'exposure level for .*: ([0-9.]+)', text)[0]} of 10")
