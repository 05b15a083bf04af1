"""The environment's part of the configuration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobwatchd.kinds.source import HttpSourceSection
from jobwatchd.settings import load_settings
from unit.settings.desk import Desk

Edit = Callable[[str, str], Any]


def test_a_variable_overrides_the_file(desk: Desk, edit: Edit) -> None:
    """What the environment says wins over a line of the file, and leaves its neighbours alone."""
    edit("    account: root\n", "    account: root\n    poll: {min_interval: 5s, max_interval: 9s}\n")
    poll = desk.load(JOBWATCHD_SOURCES__GRAPH__POLL__MIN_INTERVAL="7s").sources["graph"].poll
    assert (poll.min_interval, poll.max_interval) == (7.0, 9.0)


def test_a_variable_reaches_a_section_that_the_file_has_not(desk: Desk) -> None:
    """Sections have defaults, so they need not be there to be changed."""
    settings = desk.load(JOBWATCHD_LOG__LEVEL="debug", JOBWATCHD_SOURCES__GRAPH__POLL__LOST_AFTER__NOT_FOUND="5")
    assert settings.log.level == "debug"
    assert settings.sources["graph"].poll.lost_after.not_found == 5


def test_a_hyphen_in_a_name_is_written_as_an_underscore(desk: Desk) -> None:
    """Shells allow no hyphens in names of variables."""
    source = desk.load(JOBWATCHD_SOURCES__MEDIA_LAB__HTTP_CLIENT="httpx").sources["media-lab"]
    assert isinstance(source, HttpSourceSection)
    assert source.http_client == "httpx"


def test_a_name_with_two_underscores_is_found(desk: Desk, edit: Edit) -> None:
    """The longest name that fits is meant."""
    edit("media-lab:", "graph__b:")
    source = desk.load(JOBWATCHD_SOURCES__GRAPH__B__HTTP_CLIENT="httpx").sources["graph__b"]
    assert isinstance(source, HttpSourceSection)
    assert source.http_client == "httpx"


def test_names_that_look_alike_are_ambiguous(desk: Desk, edit: Edit) -> None:
    """Rather nothing than the wrong source."""
    desk.text += desk.text.partition("  media-lab:")[2].join(["  media_lab:", ""])
    problem = desk.problem(JOBWATCHD_SOURCES__MEDIA_LAB__HTTP_CLIENT="httpx")
    assert "JOBWATCHD_SOURCES__MEDIA_LAB__HTTP_CLIENT: it could mean media-lab or media_lab" in problem


def test_lists_and_mappings_are_json(desk: Desk) -> None:
    """One variable holds a whole list, or a whole mapping."""
    sinks = '{"a": {"kind": "log"}}'
    settings = desk.load(
        JOBWATCHD_SINKS=sinks, JOBWATCHD_SINKS__A__EVENTS='["job.*"]', JOBWATCHD_SINKS__A__LABELS='{"x": "y"}'
    )
    assert settings.sinks["a"].events == ("job.*",)
    assert settings.sinks["a"].labels == {"x": "y"}


def test_watches_can_come_from_the_environment(desk: Desk) -> None:
    """A container can be told its job by a variable."""
    watches = '[{"source": "graph", "job": {"job_id": 7}}]'
    assert [spec.ref.key for spec in desk.load(JOBWATCHD_WATCHES=watches).watch_specs()] == ["graph/7"]


def test_null_unsets(desk: Desk, edit: Edit) -> None:
    """A value that the file sets can be taken away."""
    edit("    account: root\n", "    account: root\n    proxy: http://p:1\n    poll: {rate: 1/s}\n")
    source = desk.load(JOBWATCHD_SOURCES__GRAPH__PROXY="null", JOBWATCHD_SOURCES__GRAPH__POLL__RATE="null").sources[
        "graph"
    ]
    assert isinstance(source, HttpSourceSection)
    assert (source.proxy, source.poll.rate) == (None, None)


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("JOBWATCHD_LOG_LEVEL", "JOBWATCHD_LOG__LEVEL"),
        ("JOBWATCHD_SOURCES_GRAPH_POLL_MIN_INTERVAL", "JOBWATCHD_SOURCES__GRAPH__POLL__MIN_INTERVAL"),
        ("JOBWATCHD_SOURCES__GRPH__PASSWORD", "JOBWATCHD_SOURCES__GRAPH__PASSWORD"),
        ("JOBWATCHD_SOURCES__MEDIALAB__API_KEY", "JOBWATCHD_SOURCES__MEDIA_LAB__API_KEY"),
        ("JOBWATCHD_API_KEY", "JOBWATCHD_SOURCES__MEDIA_LAB__API_KEY"),
        ("JOBWATCHD_LISTEN", "JOBWATCHD_SERVER__LISTEN"),
        ("JOBWATCHD_CONFIG_FILE", "JOBWATCHD_CONFIG"),
        ("JOBWATCHD_WATCH", "JOBWATCHD_WATCHES"),
    ],
)
def test_the_variable_that_was_meant_is_suggested(desk: Desk, variable: str, meant: str) -> None:
    """One underscore for two, a key without its section, a slip of the finger."""
    assert desk.problem(**{variable: "planted"}).endswith(f"; did you mean {meant}?")


def test_a_value_that_is_not_utf8_is_refused(desk: Desk) -> None:
    """What the system hands over as bytes is no text."""
    problem = desk.problem(JOBWATCHD_SOURCES__GRAPH__ACCOUNT="planted\udcff")
    assert problem == "environment variable JOBWATCHD_SOURCES__GRAPH__ACCOUNT: its value is not UTF-8; expected text"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("JOBWATCHD_FOO", "1", "foo: unknown key; expected one of http, log, server"),
        ("JOBWATCHD_LOG__LEVL", "info", "log.levl: unknown key, did you mean `level`?"),
        ("JOBWATCHD_LOG__LEVEL__X", "1", "log.level has no keys that the environment can set"),
        (
            "JOBWATCHD_SOURCES__NOBODY__PASSWORD",
            "planted",
            "it names none of the file's sources; expected one of: graph",
        ),
        ("JOBWATCHD_WATCHES__0__SOURCE", "x", "watches has no keys that the environment can set one by one"),
        ("JOBWATCHD_SINKS", "[x", "sinks: this is not JSON"),
        ("JOBWATCHD_LOG", "info", "log: this is not JSON"),
        ("JOBWATCHD_", "x", "unknown key"),
    ],
)
def test_a_variable_that_sets_nothing_is_refused(desk: Desk, variable: str, value: str, expected: str) -> None:
    """A slip in a name must not be without effect; the value is not told."""
    problem = desk.problem(**{variable: value})
    assert problem.startswith(f"environment variable {variable}: ")
    assert expected in problem
    assert "planted" not in problem


def test_a_wrong_value_names_its_variable(desk: Desk) -> None:
    """The place to mend is the environment, not the file."""
    assert desk.problem(JOBWATCHD_LOG__LEVEL="loud").startswith(
        "environment variable JOBWATCHD_LOG__LEVEL: log.level: got 'l…' (4 characters); expected one of 'debug'"
    )


@pytest.mark.parametrize(
    "variable",
    [
        "JOBWATCHD_SERVICE_HOST",
        "JOBWATCHD_PORT",
        "JOBWATCHD_PORT_25629_TCP_ADDR",
        "JOBWATCHD_API_SERVICE_PORT_HTTP",
        "JOBWATCHD_URL",
    ],
)
def test_variables_of_others_are_passed_over(desk: Desk, variable: str) -> None:
    """Kubernetes describes its Services in such variables, and the command line has some of its own."""
    assert desk.load(**{variable: "tcp://10.0.0.1:25629"}).server.listen == "127.0.0.1:25629"


def test_the_environment_names_the_file(desk: Desk) -> None:
    """Without -c, JOBWATCHD_CONFIG says which file is read."""
    desk.load()
    assert "graph" in load_settings(None, {"JOBWATCHD_CONFIG": str(desk.file)}).sources


def test_the_argument_wins_over_the_environment(desk: Desk, tmp_path: Path) -> None:
    """-c is nearer to the person than the environment."""
    desk.load()
    assert "graph" in load_settings(desk.file, {"JOBWATCHD_CONFIG": str(tmp_path / "none.yaml")}).sources
