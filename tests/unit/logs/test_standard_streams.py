"""What is printed, or raised where nobody catches it, is a line of the log."""

import sys
import threading
from typing import Any

import pytest

from jobwatchd.logs import Format, Redactor, configure_logging
from jobwatchd.logs.loggers import logged_streams
from unit.logs.lines import Lines


def fail() -> None:
    """Raise where nobody catches it."""
    raise RuntimeError("bang")


@pytest.fixture
def logger(output: Lines) -> Any:
    """Return a logger that writes JSON."""
    return configure_logging(Format("json"), output, Redactor(), {}).logger("python")


def test_what_is_printed_is_logged(output: Lines, logger: Any) -> None:
    """Line by line, on either stream; afterwards both are as before."""
    before = sys.stdout, sys.stderr
    with logged_streams(logger):
        sys.stdout.write("one\ntwo, begun")
        sys.stderr.write(" and ended\n\n")
    assert (sys.stdout, sys.stderr) == before
    assert [(line["event"], line["message"]) for line in output.parsed()] == [
        ("library.output", "one"),
        ("library.output", "two, begun and ended"),
    ]


def test_an_exception_of_a_thread_is_logged(output: Lines, logger: Any) -> None:
    """With its traceback, as one line."""
    with logged_streams(logger):
        thread = threading.Thread(target=fail, name="worker")
        thread.start()
        thread.join()
    (line,) = output.parsed()
    assert (line["event"], line["thread"], line["message"]) == (
        "thread.failed",
        "worker",
        "thread failed: RuntimeError",
    )
    assert "RuntimeError: bang" in line["exception"]


def test_an_exception_that_cannot_be_raised_is_logged(output: Lines, logger: Any) -> None:
    """One in a destructor, above all."""

    class Dying:
        def __del__(self) -> None:
            fail()

    with logged_streams(logger):
        Dying()
    (line,) = output.parsed()
    assert (line["event"], "RuntimeError: bang" in line["exception"]) == ("error.ignored", True)
