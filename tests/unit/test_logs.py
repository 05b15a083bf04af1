"""What is written to stderr, in each format, and what is left out of it."""

import io
import json
import logging
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobwatchd.logs import LoggerFactory, Redactor, Style, configure_logging

SECRET = "s3cr%t/'wörd\"\\x"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


@pytest.fixture(autouse=True)
def _root_logger() -> Iterator[None]:
    """Give the standard library's root logger back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def configure(stream: Any, style: Style = "json", level: str = "info", **env: str) -> LoggerFactory:
    """Configure logging with one secret known."""
    return configure_logging(style, level, stream, Redactor([SECRET]), env)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the JSON lines that were written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(text: str) -> None:
    """Raise an error whose text, cause and frames hold `text`."""
    raise RuntimeError(f"around {text}") from ValueError(text)


def test_a_line_is_json_with_the_same_keys_first():
    """Time, level, event and logger, then what the event brought."""
    stream = io.StringIO()
    before = datetime.now(UTC)
    configure(stream).logger("lane").info("poll failed", source="graph", seconds=1.5, tries=[1, None], path=Path("/x"))
    (line,) = lines(stream)
    assert list(line) == ["timestamp", "level", "event", "logger", "source", "seconds", "tries", "path"]
    assert line.pop("timestamp") >= before.isoformat(timespec="microseconds")
    assert line == {
        "level": "info", "event": "poll failed", "logger": "lane",
        "source": "graph", "seconds": 1.5, "tries": [1, None], "path": "/x",
    }  # fmt: skip


def test_times_are_utc_with_microseconds():
    """They sort as text."""
    stream = io.StringIO()
    configure(stream).logger("x").info("a")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", lines(stream)[0]["timestamp"])


def test_an_exception_is_one_field_of_one_line():
    """A reader of lines is not confused by tracebacks."""
    stream = io.StringIO()
    logger = configure(stream).logger("x")
    try:
        fail("bang")
    except RuntimeError:
        logger.exception("it broke")
    (line,) = lines(stream)
    assert "ValueError: bang" in line["exception"]
    assert "RuntimeError: around bang" in line["exception"]


def test_lines_below_the_level_are_left_out():
    """The level is the least that is written."""
    stream = io.StringIO()
    logger = configure(stream, level="warning").logger("x")
    logger.info("a")
    logger.warning("b")
    assert [line["event"] for line in lines(stream)] == ["b"]


def test_values_that_json_lacks_are_written_as_text():
    """Infinity, bytes, sets and things whose str() fails do not stop the one who logs them."""

    class Sulky:
        def __str__(self) -> str:
            raise ZeroDivisionError

    stream = io.StringIO()
    configure(stream).logger("x").info("a", inf=float("inf"), some={1}, sulky=Sulky(), raw=b"x")
    line = lines(stream)[0]
    assert (line["inf"], line["some"]) == ("inf", [1])
    assert (line["sulky"], line["raw"]) == ("<Sulky whose str() raised ZeroDivisionError>", "b'x'")


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize("terminal", [True, False])
def test_secrets_are_masked_wherever_they_are(style: Style, terminal: bool):  # noqa: FBT001
    """In the event, in names, in values deep inside, in exceptions and their causes, in errors given as values."""
    stream = Terminal() if terminal else io.StringIO()
    logger = configure(stream, style).logger("x")
    event = f"login with {SECRET}"
    logger.info(event, key={"deep": [SECRET, {f"a{SECRET}": 1}]}, error=ValueError(SECRET))
    logger.info("encoded", url="s3cr%25t%2F%27w%C3%B6rd%22%5Cx", quoted=repr([SECRET]))
    try:
        fail(SECRET)
    except RuntimeError:
        logger.exception("it broke")
    logging.getLogger("uvicorn").error("saw %s", SECRET)
    text = stream.getvalue()
    assert text.count("********") >= 8
    assert "s3cr" not in text
    assert "wörd" not in text
    assert "w\\u00f6rd" not in text


def test_secrets_added_later_are_masked_too():
    """A reload brings new ones; those of before stay masked."""
    redactor = Redactor(["first-secret"])
    redactor.add(["second-secret"])
    assert redactor.redact("first-secret, second-secret") == "********, ********"


def test_the_longer_of_two_secrets_is_masked_whole():
    """One secret may be the beginning of another."""
    assert Redactor(["abcd", "abcdefgh"]).redact("abcdefgh abcd") == "******** ********"


def test_very_short_secrets_are_not_masked():
    """They are in every other word."""
    assert Redactor(["a", "abc", ""]).redact("abc a") == "abc a"


def test_a_secret_that_looks_like_syntax_breaks_no_line():
    """Values are masked before the line is made of them."""
    stream = io.StringIO()
    configure_logging("json", "info", stream, Redactor(['": "', "info", "event"]), {}).logger("x").info(
        "a", b="c", d='": "'
    )
    (line,) = lines(stream)
    assert (line["level"], line["event"], line["b"], line["d"]) == ("info", "a", "c", "********")


def test_auto_is_for_people_on_a_terminal():
    """There a line is no JSON and has colours, unless they are unwanted."""
    plain, coloured = Terminal(), Terminal()
    configure(plain, "auto", NO_COLOR="1").logger("x").info("hello", a="b")
    configure(coloured, "auto").logger("x").info("hello", a="b")
    assert re.search(r"\[info *\] hello .*a=b", plain.getvalue())
    assert "\x1b[" not in plain.getvalue()
    assert "\x1b[" in coloured.getvalue()


def test_auto_is_json_elsewhere():
    """Whatever collects lines gets JSON."""
    stream = io.StringIO()
    configure(stream, "auto").logger("x").info("hello")
    assert lines(stream)[0]["event"] == "hello"


def test_a_terminal_is_not_told_what_to_do():
    """Control characters of a remote system do not reach it, and make no line of their own."""
    stream = Terminal()
    configure(stream, "console", NO_COLOR="1").logger("x").info("a\nfaked line\x1b[2J", value="\x1b]0;x\x07\x9b")
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert not set(text) & {"\x1b", "\x07", "\x9b"}


@pytest.mark.parametrize("style", ["console", "json"])
def test_the_journal_is_told_priorities(tmp_path: Path, style: Style):
    """The service manager takes the number off the start of each line, and sorts by it."""
    with (tmp_path / "journal").open("w") as stream:
        status = os.fstat(stream.fileno())
        configure(stream, style, JOURNAL_STREAM=f"{status.st_dev}:{status.st_ino}").logger("x").warning("a")
    assert (tmp_path / "journal").read_text().startswith("<4>")


def test_each_line_of_a_traceback_has_its_priority(tmp_path: Path):
    """The journal takes each line for a message of its own."""
    with (tmp_path / "journal").open("w") as stream:
        status = os.fstat(stream.fileno())
        logger = configure(stream, "console", JOURNAL_STREAM=f"{status.st_dev}:{status.st_ino}").logger("x")
        try:
            fail("bang")
        except RuntimeError:
            logger.exception("it broke")
    text = (tmp_path / "journal").read_text().splitlines()
    assert len(text) > 5
    assert {line[:3] for line in text} == {"<3>"}


def test_a_stream_that_is_not_the_journals_gets_no_priorities(tmp_path: Path):
    """The variable is inherited by processes that write elsewhere."""
    with (tmp_path / "file").open("w") as stream:
        configure(stream, "console", JOURNAL_STREAM="1:2").logger("x").warning("a")
    assert "<4>" not in (tmp_path / "file").read_text()


def test_a_number_that_looks_like_a_secret_stays_one():
    """Only texts hold secrets; a line stays JSON whatever they are."""
    stream = io.StringIO()
    configure_logging("json", "info", stream, Redactor(["1964", "null"]), {}).logger("x").info(
        "a", job=1964, key="1964"
    )
    line = json.loads(stream.getvalue())
    assert (line["job"], line["key"]) == (1964, "********")
