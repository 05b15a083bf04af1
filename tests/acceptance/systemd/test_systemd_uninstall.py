"""Upgrading and removing; this file's name puts it last, since nothing is installed after it."""

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_installing_again_keeps_the_configuration_and_uninstalling_too(machine: Any) -> None:
    """An upgrade and a removal leave what is not theirs; a removal takes the program and its units."""
    machine.write("/etc/jobwatchd/jobwatchd.yaml", "sources: {}  # mine\n")
    machine.write("/var/lib/private/jobwatchd/jobwatchd.db", "mine")
    machine.run("make", "-C", "/src/jobwatchd", "install-systemd")
    machine.run("make", "-C", "/src/jobwatchd", "uninstall-systemd")
    assert machine.path("/etc/jobwatchd/jobwatchd.yaml").read_text() == "sources: {}  # mine\n"
    assert machine.path("/var/lib/private/jobwatchd/jobwatchd.db").read_text() == "mine"
    assert not machine.path("/opt/jobwatchd").exists()
    assert not machine.path("/usr/local/share/man/man1/jobwatchd.1").exists()
    assert machine.run("systemctl", "list-unit-files", "--no-legend", "jobwatchd*", check=False) == ""
