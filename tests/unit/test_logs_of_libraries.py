"""The standard library's logging in our format, and streams that fail."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from jobwatchd.logs import LoggerFactory, Redactor, configure_logging


class Broken(io.StringIO):
    """A stream whose reader is gone."""

    def write(self, _: str) -> int:
        """Fail as a closed pipe does."""
        raise BrokenPipeError


@pytest.fixture(autouse=True)
def _root_logger() -> Iterator[None]:
    """Give the standard library's root logger back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def configure(stream: Any, level: str = "info") -> LoggerFactory:
    """Configure JSON lines."""
    return configure_logging("json", level, stream, Redactor(), {})


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the JSON lines that were written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_libraries_write_the_same_lines():
    """Their logger's name, level, text and exception are where ours are."""
    stream = io.StringIO()
    configure(stream)
    try:
        int("bang")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("lost %d of %s", 1, "x")
    (line,) = lines(stream)
    assert list(line) == ["timestamp", "level", "event", "logger", "exception"]
    assert (line["level"], line["event"], line["logger"]) == ("error", "lost 1 of x", "uvicorn.error")
    assert "ValueError: invalid literal" in line["exception"]


@pytest.mark.parametrize(
    ("level", "written"), [("debug", ["a", "b"]), ("info", ["b"]), ("warning", ["b"]), ("error", [])]
)
def test_libraries_talk_less(level: str, written: list[str]):
    """What they find informative is for people who look for a fault."""
    stream = io.StringIO()
    configure(stream, level)
    logging.getLogger("alembic").info("a")
    logging.getLogger("alembic").warning("b")
    assert [line["event"] for line in lines(stream)] == written


@pytest.mark.parametrize(("number", "name"), [(35, "warning"), (60, "critical")])
def test_levels_between_ours_are_rounded_down(number: int, name: str):
    """Libraries may have levels of their own."""
    stream = io.StringIO()
    configure(stream)
    logging.getLogger("x").log(number, "a")
    assert lines(stream)[0]["level"] == name


def test_a_record_that_does_not_fit_its_arguments_is_written_raw():
    """A slip in a library costs no line, and nothing is written beside the log."""
    stream = io.StringIO()
    configure(stream)
    logging.getLogger("x").error("%d things", "many")
    assert lines(stream)[0]["event"] == "%d things"


def test_pythons_warnings_are_lines_too():
    """They would be the only ones of another format."""
    stream = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure(stream)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(capture=False)
    (line,) = lines(stream)
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")
    assert "DeprecationWarning: old" in line["event"]


def test_a_broken_stream_does_not_stop_the_daemon():
    """A loop that cannot complain any more still polls, and so does a library."""
    configure(Broken()).logger("x").error("a")
    logging.getLogger("x").error("b")
    closed = io.StringIO()
    factory = configure(closed)
    closed.close()
    factory.logger("x").error("c")


def test_events_become_lines_whatever_the_level():
    """A sink of events is not silenced by a quiet daemon, and writes its lines itself."""
    stream = io.StringIO()
    line = json.loads(configure(stream, "error").event_logger("journal").info("job.failed", id="1"))
    assert (line["event"], line["id"], line["logger"]) == ("job.failed", "1", "journal")
    assert not stream.getvalue()
