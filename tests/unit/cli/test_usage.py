"""What a newcomer writes on the command line, and what it is answered."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from jobwatchd.cli import cli

TOKEN = "planted-token-0123456789"


@pytest.mark.parametrize("command", ["run", "check-config"])
def test_a_file_without_its_option(command: str) -> None:
    """The command is told as it is to be written."""
    done = CliRunner().invoke(cli, [command, "mine.yaml"], prog_name="jobwatchd")
    assert done.exit_code == 2
    assert f"jobwatchd {command} -c mine.yaml" in done.stderr


def test_a_file_that_is_given_twice() -> None:
    """Neither is taken silently."""
    done = CliRunner().invoke(cli, ["check-config", "-c", "a.yaml", "-c", "b.yaml"])
    assert done.exit_code == 2
    assert "given 2 times (a.yaml, b.yaml)" in done.stderr


@pytest.mark.parametrize("env", [{}, {"JOBWATCHD_TOKEN_FILE": TOKEN}])
def test_a_token_in_the_place_of_its_file(env: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What was expected is told, and the token is not."""
    monkeypatch.chdir(tmp_path)
    options = [] if env else ["--token-file", TOKEN]
    done = CliRunner(env=env).invoke(cli, ["watch", "list", *options])
    assert (done.exit_code, TOKEN in done.output) == (2, False)
    assert "expected the name of a file with the token" in done.stderr


def test_a_folder_is_no_token_file(tmp_path: Path) -> None:
    """It is there, so it is named."""
    done = CliRunner().invoke(cli, ["watch", "list", "--token-file", str(tmp_path)])
    assert done.exit_code == 2
    assert f"{tmp_path} cannot be read (Is a directory)" in done.stderr


def test_a_label_without_a_value() -> None:
    """It may be anything."""
    done = CliRunner().invoke(cli, ["watch", "add", "graph", "1", "--label", TOKEN])
    assert (done.exit_code, TOKEN in done.output) == (2, False)
    assert "is not name=value, such as team=graph" in done.stderr


def test_the_journal_gets_a_priority(tmp_path: Path) -> None:
    """So `journalctl -p err` finds why a unit did not start, whoever said it: here, before there is a log."""
    with (tmp_path / "journal").open("w+") as journal:
        status = os.fstat(journal.fileno())
        env = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        command = [sys.executable, "-Im", "jobwatchd", "run", "--bogus"]
        assert subprocess.run(command, stderr=journal, env=env, check=False).returncode == 2
        journal.seek(0)
        lines = journal.read().splitlines()
    assert lines
    assert all(line.startswith("<3>") for line in lines)
