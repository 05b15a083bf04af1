"""How a line looks, in each format, and what is left out of it."""

import json
import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobwatchd.logs import Format, LoggerFactory, Redactor, configure_logging
from unit.logs.lines import Lines

SECRET = "s3cr%t/'wörd\"\\x"


def configure(output: Lines, style: Any = "json", keys: Any = "default", **env: str) -> LoggerFactory:
    """Configure logging with one secret known."""
    return configure_logging(Format(style, keys=keys), output, Redactor([SECRET]), env)


def fail(text: str) -> None:
    """Raise an error whose text, cause and frames hold `text`."""
    raise RuntimeError(f"around {text}") from ValueError(text)


def test_a_line_is_json_with_the_same_keys_first(output: Lines) -> None:
    """Time, level, logger, event and message, then what the event brought."""
    before = datetime.now(UTC)
    configure(output).logger("lane").info("poll.failed", source="graph", seconds=1.5, tries=[1, None], path=Path("/x"))
    (line,) = output.parsed()
    assert list(line) == ["timestamp", "level", "logger", "event", "message", "source", "seconds", "tries", "path"]
    assert line.pop("timestamp") >= before.isoformat(timespec="microseconds")
    assert line == {
        "level": "info", "event": "poll.failed", "logger": "lane", "message": "poll failed: graph",
        "source": "graph", "seconds": 1.5, "tries": [1, None], "path": "/x",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"event": "daemon.drain_cut_short"}, "daemon drain cut short"),
        ({"event": "poll.failed", "job": "graph/1", "source": "graph", "error": "no"}, "poll failed: graph/1: no"),
        ({"event": "job.failed", "key": "graph/1", "job": ["1"], "detail": None}, "job failed: graph/1"),
        (
            {"event": "source.unreachable", "key": None, "source": "graph", "detail": "no"},
            "source unreachable: graph: no",
        ),
        ({"event": "reload.refused", "problem": "a.yaml:3: bad"}, "reload refused: a.yaml:3: bad"),
        ({"event": ""}, "nothing was said"),
        ({"event": "a.b", "message": "as it was said"}, "as it was said"),
    ],
)
def test_every_line_has_a_message(output: Lines, fields: dict[str, Any], message: str) -> None:
    """Viewers show one text a line: what happened to what, and why, unless something better was said."""
    configure(output).logger("x").info(**fields)
    assert output.parsed()[0]["message"] == message


def test_google_cloud_finds_severity_and_time(output: Lines) -> None:
    """Under the names that its agents look for; all others are as before."""
    configure(output, keys="gcp").logger("x").warning("a.b", source="s")
    (line,) = output.parsed()
    assert list(line) == ["time", "level", "logger", "event", "message", "severity", "source"]
    assert (line["severity"], line["message"]) == ("WARNING", "a b: s")


def test_elastic_finds_its_fields(output: Lines) -> None:
    """Those of the Elastic Common Schema, and everything else in a section that collides with none of them."""
    logger = configure(output, keys="ecs").logger("x")
    try:
        fail("bang")
    except RuntimeError:
        logger.exception("a.b", source="s", labels={"c": "d"})
    (line,) = output.parsed()
    assert "RuntimeError" in line.pop("error.stack_trace")
    assert line.pop("@timestamp").endswith("+00:00")
    assert line == {
        "log.level": "error", "message": "a b: s", "ecs.version": "8.11.0", "log.logger": "x", "event.action": "a.b",
        "jobwatchd": {"source": "s", "labels": {"c": "d"}},
    }  # fmt: skip


@pytest.mark.parametrize("keys", ["default", "gcp", "ecs"])
def test_a_line_that_has_to_be_cleaned_has_the_same_keys(output: Lines, keys: str) -> None:
    """Whether a secret is in it or not."""
    logger = configure(output, keys=keys).logger("x")
    logger.info("a.b", why="harmless")
    logger.info("a.b", why=SECRET)
    harmless, cleaned = output.parsed()
    assert list(harmless) == list(cleaned)


def test_times_are_utc_with_microseconds(output: Lines) -> None:
    """They sort as text."""
    configure(output).logger("x").info("a")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", output.parsed()[0]["timestamp"])


def test_an_exception_is_one_field_of_one_line(output: Lines) -> None:
    """A reader of lines is not confused by tracebacks."""
    logger = configure(output).logger("x")
    try:
        fail("bang")
    except RuntimeError:
        logger.exception("it broke")
    (line,) = output.parsed()
    assert "ValueError: bang" in line["exception"]
    assert "RuntimeError: around bang" in line["exception"]


def test_values_that_json_lacks_are_written_as_text(output: Lines) -> None:
    """Infinity, bytes, sets and things whose str() fails do not stop the one who logs them."""

    class Sulky:
        def __str__(self) -> str:
            raise ZeroDivisionError

    configure(output).logger("x").info("a", inf=float("inf"), some={1}, sulky=Sulky(), raw=b"x")
    line = output.parsed()[0]
    assert (line["inf"], line["some"]) == ("inf", [1])
    assert (line["sulky"], line["raw"]) == ("<Sulky whose str() raised ZeroDivisionError>", "b'x'")


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_secrets_are_masked_wherever_they_are(make_output: type[Lines], style: str, is_terminal: bool) -> None:  # noqa: FBT001
    """In the event, in names, in values deep inside, in exceptions and their causes, in errors given as values."""
    output = make_output(is_terminal=is_terminal)
    logger = configure(output, style).logger("x")
    event = f"login with {SECRET}"
    logger.info(event, key={"deep": [SECRET, {f"a{SECRET}": 1}]}, error=ValueError(SECRET))
    logger.info("encoded", url="s3cr%25t%2F%27w%C3%B6rd%22%5Cx", quoted=repr([SECRET]))
    try:
        fail(SECRET)
    except RuntimeError:
        logger.exception("it broke")
    logging.getLogger("uvicorn").error("saw %s", SECRET)
    assert output.text.count("********") >= 8
    assert "s3cr" not in output.text
    assert "wörd" not in output.text
    assert "w\\u00f6rd" not in output.text


@pytest.mark.parametrize("style", ["json", "console"])
def test_credentials_that_nobody_knows_are_masked_in_what_libraries_say(output: Lines, style: str) -> None:
    """Their texts and tracebacks repeat what they were told by others."""
    logger = configure(output, style).logger("x")
    logging.getLogger("lib").error("sent %s", {"Authorization": "Bearer planted"})
    try:
        fail("Cookie: planted=1")
    except RuntimeError:
        logger.exception("it broke")
    assert output.text.count("********") >= 2
    # The source line of the traceback is ours, and has it too: only here, where it is written down.
    assert output.text.replace('fail("Cookie', "").replace('fail(\\"Cookie', "").count("planted") <= 1


def test_a_secret_that_looks_like_syntax_breaks_no_line(output: Lines) -> None:
    """Values are masked before the line is made of them."""
    redactor = Redactor(['": "', "info", "event"])
    configure_logging(Format("json"), output, redactor, {}).logger("x").info("a", b="c", d='": "')
    (line,) = output.parsed()
    assert (line["level"], line["event"], line["b"], line["d"]) == ("info", "a", "c", "********")


def test_a_number_that_looks_like_a_secret_stays_one(output: Lines) -> None:
    """Only texts hold secrets; a line stays JSON whatever they are."""
    redactor = Redactor(["1964", "null"])
    configure_logging(Format("json"), output, redactor, {}).logger("x").info("a", job=1964, key="1964")
    (line,) = output.parsed()
    assert (line["job"], line["key"]) == (1964, "********")


def test_auto_is_for_people_on_a_terminal(make_output: type[Lines]) -> None:
    """There a line is no JSON and has colours, unless they are unwanted."""
    plain, coloured = make_output(is_terminal=True), make_output(is_terminal=True)
    configure(plain, "auto", NO_COLOR="1").logger("x").info("hello", a="b")
    configure(coloured, "auto").logger("x").info("hello", a="b")
    assert re.search(r"\[info *\] hello .*a=b", plain.text)
    assert "\x1b[" not in plain.text
    assert "\x1b[" in coloured.text


def test_people_see_a_message_that_says_more(output: Lines) -> None:
    """One that was put together from the fields beside it would only repeat them."""
    logger = configure(output, "console").logger("x")
    logger.info("poll.failed", error="no")
    logger.info("library.message", message="in its own words")
    made, said = output.lines
    assert "poll failed" not in made
    assert "library.message: in its own words" in said


def test_auto_is_json_elsewhere(output: Lines) -> None:
    """Whatever collects lines gets JSON."""
    configure(output, "auto").logger("x").info("hello")
    assert output.parsed()[0]["event"] == "hello"


def test_a_terminal_is_not_told_what_to_do(make_output: type[Lines]) -> None:
    """Control characters of a remote system do not reach it, and make no line of their own."""
    output = make_output(is_terminal=True)
    configure(output, "console", NO_COLOR="1").logger("x").info(
        "a\nfaked line\x1b[2J", message="\x1b[1m\nb", value="\x1b]0;x\x07\x9b"
    )
    assert output.text.count("\n") == 1
    assert not set(output.text) & {"\x1b", "\x07", "\x9b"}


@pytest.mark.parametrize("style", ["console", "json"])
def test_the_journal_is_told_priorities(make_output: type[Lines], style: str) -> None:
    """The service manager takes the number off the start of each line, and sorts by it."""
    output = make_output(is_journal=True)
    logger = configure(output, style).logger("x")
    logger.warning("a")
    logger.critical("b")
    assert [line[:3] for line in output.lines] == ["<4>", "<2>"]


def test_each_line_of_a_traceback_has_its_priority(make_output: type[Lines]) -> None:
    """The journal takes each line for a message of its own."""
    output = make_output(is_journal=True)
    logger = configure(output, "console").logger("x")
    try:
        fail("bang")
    except RuntimeError:
        logger.exception("it broke")
    lines = output.text.splitlines()
    assert len(lines) > 5
    assert {line[:3] for line in lines} == {"<3>"}


def test_what_was_dropped_is_told_in_the_same_format(output: Lines) -> None:
    """Whoever parses lines can parse that one."""
    configure(output)
    assert output.tell_dropped is not None
    line = json.loads(output.tell_dropped(12))
    assert (line["event"], line["level"], line["count"]) == ("log.lines_dropped", "warning", 12)
