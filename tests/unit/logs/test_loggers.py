"""Loggers, those of the standard library among them, and what they write to."""

import json
import logging
import warnings

import pytest

from jobwatchd.logs import Format, LoggerFactory, Redactor, configure_logging, configured_logging
from unit.logs.lines import Lines


def configure(output: Lines, level: str = "info") -> LoggerFactory:
    """Configure JSON lines."""
    return configure_logging(Format("json", level), output, Redactor(), {})


def test_lines_below_the_level_are_left_out(output: Lines) -> None:
    """The level is the least that is written."""
    logger = configure(output, level="warning").logger("x")
    logger.info("a")
    logger.warning("b")
    assert [line["event"] for line in output.parsed()] == ["b"]


def test_libraries_write_the_same_lines(output: Lines) -> None:
    """Their logger's name, level, text and exception are where ours are."""
    configure(output)
    try:
        int("bang")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("lost %d of %s", 1, "x")
    (line,) = output.parsed()
    assert list(line) == ["timestamp", "level", "logger", "event", "message", "exception"]
    assert (line["level"], line["event"], line["logger"]) == ("error", "library.message", "uvicorn.error")
    assert line["message"] == "lost 1 of x"
    assert "ValueError: invalid literal" in line["exception"]


@pytest.mark.parametrize(
    ("level", "written"), [("debug", ["a", "b"]), ("info", ["b"]), ("warning", ["b"]), ("error", [])]
)
def test_libraries_talk_less(output: Lines, level: str, written: list[str]) -> None:
    """What they find informative is for people who look for a fault."""
    configure(output, level)
    logging.getLogger("alembic").info("a")
    logging.getLogger("alembic").warning("b")
    assert [line["message"] for line in output.parsed()] == written


@pytest.mark.parametrize(("number", "name"), [(35, "warning"), (60, "critical")])
def test_levels_between_ours_are_rounded_down(output: Lines, number: int, name: str) -> None:
    """Libraries may have levels of their own."""
    configure(output)
    logging.getLogger("x").log(number, "a")
    assert output.parsed()[0]["level"] == name


def test_a_record_that_does_not_fit_its_arguments_is_written_raw(output: Lines) -> None:
    """A slip in a library costs no line, and nothing is written beside the log."""
    configure(output)
    logging.getLogger("x").error("%d things", "many")
    assert output.parsed()[0]["message"] == "%d things"


def test_pythons_warnings_are_lines_too(output: Lines) -> None:
    """They would be the only ones of another format."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure(output)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(capture=False)
    (line,) = output.parsed()
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")
    assert "DeprecationWarning: old" in line["message"]


def test_events_become_lines_whatever_the_level(output: Lines) -> None:
    """A sink of events is not silenced by a quiet daemon, and writes its lines itself."""
    line = json.loads(configure(output, "error").event_logger("journal").info("job.failed", id="1"))
    assert (line["event"], line["id"], line["logger"]) == ("job.failed", "1", "journal")
    assert not output.lines


def test_what_was_configured_last_is_known(output: Lines) -> None:
    """The last words of the process are said in its format."""
    configure(output)
    last = configure(output, "error")
    assert configured_logging() is last
