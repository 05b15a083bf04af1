"""The commands of the README and of docs/: what they show exists, and what is marked to be run is run by somebody.

The convention is told in `readme.py`: `<!-- test: NAME -->` on the line before a fenced block. The tests that run the
blocks are slow ones in the folders beside this file; here is what can be said without running anything.
"""

import re
from pathlib import Path

import click
import pytest

from acceptance import readme
from jobwatchd.cli import cli

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]


def commands() -> list[str]:
    """Return every command of every console block, marked or not."""
    bodies = re.findall(r"(?ms)^```console\n(.*?)^```$", readme.text())
    return [line[2:] for body in bodies for line in body.splitlines() if line.startswith("$ ")]


def test_each_marker_marks_a_block() -> None:
    """A marker without a fenced block right below it would silently test nothing."""
    assert [each.name for each in readme.marked() if not each.body] == []
    assert len(readme.marked()) == readme.text().count("<!-- test:")


def test_each_marked_block_is_run_by_a_test() -> None:
    """Every name is asked for by a test, or by one that looks for the marker itself."""
    programs = "".join(path.read_text() for path in HERE.parent.rglob("*.py"))
    names = {each.name for each in readme.marked()}
    assert [name for name in names if not re.search(f'"{name}"|<!-- test: {name} -->', programs)] == []


def test_each_make_target_exists() -> None:
    """What people are told to make can be made."""
    targets = re.findall(r"(?m)^([a-z-]+):", (REPOSITORY / "Makefile").read_text())
    told = re.findall(r"(?m)^\$ (?:sudo )?make ([a-z-]+)|`make ([a-z-]+)", readme.text())
    assert {one or other for one, other in told} - set(targets) == set()


@pytest.mark.parametrize("line", [line for line in commands() if re.match(r"(sudo )?jobwatchd ", line)])
def test_each_command_line_is_understood(line: str) -> None:
    """Commands and options that are shown are those that the program has."""
    words = re.split(r"\s+(?:#|&&|\|)", line)[0].split()[1:]
    context = click.Context(cli, info_name="jobwatchd")
    command: click.Command | None = cli
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize(
    ("body", "script"),
    [
        ("$ one\n$ sudo two\n", "one\ntwo"),
        ("$ one \\\n    more\n$ two\n", "one \\\n    more\ntwo"),
        ("$ tee file <<'END'\nsudo text\nEND\n$ two\n", "tee file <<'END'\nsudo text\nEND\ntwo"),
        ("$ one\n\nits output\n$ two\n", "one\ntwo"),
    ],
)
def test_a_block_becomes_a_script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, script: str) -> None:
    """Prompts and sudo go, lines that belong to a command stay, and what is printed does not run."""
    (tmp_path / "README.md").write_text(f"<!-- test: some-name -->\n```console\n{body}```\n")
    monkeypatch.setattr(readme, "PAGES", [tmp_path / "README.md"])
    assert readme.blocks("some-name") == [script]
