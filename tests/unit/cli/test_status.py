"""The exit statuses that are documented."""

import re
from pathlib import Path

from jobwatchd.cli.status import ExitStatus

DOCUMENT = Path(__file__).parents[3] / "docs" / "command-line.md"


def test_the_document_has_each_status() -> None:
    """In the same order, and no other."""
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert [int(number) for number, _ in rows] == [status.value for status in ExitStatus]


def test_what_is_unforeseen_is_no_answer() -> None:
    """Answers are below 64, as sysexits(3) begins there."""
    answers = {ExitStatus.OK, ExitStatus.FAILED, ExitStatus.USAGE, ExitStatus.CANCELLED, ExitStatus.NOT_THERE}
    assert {status for status in ExitStatus if status < 64} == answers
