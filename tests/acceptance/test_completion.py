"""Completion, as somebody at a terminal has it: a bash with the documentation's line in it, and the Tab key."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acceptance import readme

HERE = Path(__file__).parent
LIMIT_S = 60.0
PROMPT = "ready> "

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


def read_until(terminal: int, wanted: str) -> str:
    """Return what a terminal shows up to this text."""
    shown, deadline = b"", time.monotonic() + LIMIT_S
    while wanted.encode() not in shown:
        readable, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert readable, f"never showed {wanted!r}, but {shown!r}"
        shown += os.read(terminal, 4096)
    return shown.decode()


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], str]]:
    """Return what types something and waits for what the terminal makes of it."""
    start = tmp_path_factory.mktemp("bash") / "bashrc"
    start.write_text("\n".join(["bind 'set bell-style none'", *readme.blocks("completion"), f"PS1='{PROMPT}'"]))
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TERM": "dumb"}
    ours, theirs = pty.openpty()
    shell = subprocess.Popen(
        ["bash", "--noprofile", "--rcfile", start, "-i"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    read_until(ours, PROMPT)

    def type_in(keys: str, wanted: str) -> str:
        os.write(ours, keys.encode())
        shown = read_until(ours, wanted)
        os.write(ours, b"\x15\n")  # forget the line, and wait for another one
        return shown + read_until(ours, f"\n{PROMPT}")

    yield type_in
    os.write(ours, b"\x15exit\n")
    shell.wait(LIMIT_S)
    os.close(ours)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("jobwatchd check-c\t", "jobwatchd check-config "),
        ("jobwatchd watch l\t", "jobwatchd watch list "),
        ("jobwatchd watch list --st\t", "jobwatchd watch list --state "),
        ("jobwatchd watch list --state ru\t", "jobwatchd watch list --state running "),
        ("jobwatchd presets show airflow2\t", "jobwatchd presets show airflow2 "),
    ],
)
def test_tab_completes(press: Callable[[str, str], str], typed: str, completed: str) -> None:
    """Commands, options, and words that an option or an argument knows."""
    assert completed in press(typed, completed)
