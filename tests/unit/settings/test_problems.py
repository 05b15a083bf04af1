"""Mistakes: each names its place, its key, what was got and what was expected."""

from collections.abc import Callable
from typing import Any

import pytest

from unit.settings.desk import Desk, described, explorer

Edit = Callable[[str, str], Any]


def test_a_wrong_value_names_line_key_value_and_expectation(desk: Desk, edit: Edit) -> None:
    """Everything a person needs to mend it is in one line."""
    edit("    account: root\n", "    account: root\n    poll:\n      min_interval: 5\n")
    assert desk.problem() == (
        "jobwatchd.yaml:7: sources.graph.poll.min_interval: "
        "got 5; expected a duration with its unit: 250ms, 5s, 10m, 24h or 7d"
    )


def test_an_unknown_key_suggests_the_one_that_was_meant(desk: Desk, edit: Edit) -> None:
    """A slip of the finger is recognised, and the value never told."""
    edit("    account: root\n", "    account: root\n    poll: {min_intervall: 5s}\n")
    problem = desk.problem()
    assert problem.startswith(
        "jobwatchd.yaml:6: sources.graph.poll.min_intervall: unknown key, did you mean `min_interval`?; expected"
    )


@pytest.mark.parametrize("key", ["sorces", "_env_file", "_case_sensitive"])
def test_an_unknown_section_is_refused(desk: Desk, key: str) -> None:
    """The top level knows its keys too, and those that pydantic-settings would take for its own arguments."""
    assert f"jobwatchd.yaml:12: {key}: unknown key" in desk.problem(f"{key}: x\n")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(desk: Desk, edit: Edit) -> None:
    """Syntax aside, one run finds everything: values, unknown keys, duplicates, references, secrets, variables."""
    edit("    account: root\n", "    account: 5\n    acount: x\n    account: y\n")
    edit("api_key: planted-api-key", "api_key_file: none")
    more = "watches:\n  - {source: nobody, job: {job_id: 1}}\nlog: {level: loud}\n"
    problems = desk.problems(more, JOBWATCHD_FOO="1")
    assert [problem.partition(": ")[0] for problem in problems] == [
        "environment variable JOBWATCHD_FOO",
        *[f"jobwatchd.yaml:{line}" for line in (5, 6, 7, 13, 15, 16)],
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("account: root", "account: 5", "sources.graph.account: got 5; expected text; put it in quotes"),
        ("account: root", "account:", "sources.graph.account: got nothing; expected text"),
        ("account: root", "account: 'a:b'", "sources.graph.account: got 'a:b'; expected text that matches"),
        ("    account: root\n", "", "sources.graph.account: the key is missing"),
        ("{address: 10.0.0.5}", "nowhere", "sources.graph.graphd: got 'no…' (7 characters); expected a mapping"),
        ("{address: 10.0.0.5}", "{address: a, port: 0}", "port: got 0; expected a number of at least 1"),
        ("{address: 10.0.0.5}", "{address: a, port: x}", "port: got 'x'; expected a whole number"),
        (
            "nebula-explorer",
            "nebula-explore",
            "sources.graph.kind: got 'nebula-explore', did you mean `nebula-explorer`?; expected one of",
        ),
        (
            "    kind: nebula-explorer\n",
            "",
            "sources.graph.kind: the key is missing; expected one of nebula-explorer, ",
        ),
        (
            "media-lab:",
            "Media.Lab:",
            "sources.Media.Lab: 'Med…' (9 characters) cannot be a name; expected 1 to 63 of a-z",
        ),
        (
            "account: root",
            "account: a\n    http_client: curl",
            "http_client: got 'c…' (4 characters); expected one of 'pyreqwest' or",
        ),
        (
            "account: root",
            "account: a\n    poll: {concurrency: true}",
            "concurrency: got true; expected a whole number",
        ),
        ("account: root", "account: a\n    poll: {jitter: 1}", "poll.jitter: got 1; expected a number below 1"),
        ("account: root", "account: a\n    poll: {age_fraction: 0}", "age_fraction: got 0; expected a number above 0"),
        ("account: root", "account: a\n    max_body: 5", "max_body: got 5; expected a size with its unit"),
        ("account: root", "account: a\n    tls: {cert_file: /dev/null}", "cert_file is there without key_file"),
        (
            "account: root",
            "account: a\n    poll: {min_interval: 1h}",
            "poll: min_interval (1h) is longer than max_interval (30m); expected at most the same",
        ),
        (
            "account: root",
            "account: a\n    poll: {interval: 5s, max_interval: 1m}",
            "poll: interval fixes the time between polls and excludes max_interval; expected one",
        ),
    ],
)
def test_each_mistake_in_a_source_is_explained(desk: Desk, edit: Edit, old: str, new: str, expected: str) -> None:
    """What is wrong with a source is said in the file's own words."""
    edit(old, new)
    assert expected in "\n".join(desk.problems())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("sinks: {a: {kind: log, events: [job.done]}}", "sinks.a.events[0]: 'job.done' matches no event"),
        ("sinks: {a: {kind: log, events: job.*}}", "sinks.a.events: got 'j…' (5 characters); expected a list"),
        ("sinks: {a: {kind: mail}}", "sinks.a.kind: got 'm…' (4 characters); expected one of log, metrics, webhook"),
        ("sinks: {a: 5}", "sinks.a: got 5; expected a mapping"),
        ("sinks: {a: {kind: log, labels: {a b: x}}}", "'a b' cannot be a label"),
        ("sinks: {a: {kind: log, labels: {a: 5}}}", "sinks.a.labels.a: got 5; expected text: put it in quotes"),
        (
            "server: {listen: 25629}",
            "server.listen: got 25629, a port alone; write 127.0.0.1:25629 for this machine only, or",
        ),
        ("server: {listen: '25629'}", "server.listen: got 25629, a port alone; write 127.0.0.1:25629"),
        (
            "log: {level: INFO}",
            "log.level: got 'INFO'; expected one of 'debug', 'info', 'warning' or 'error'; did you mean",
        ),
        ("graph: {kind: nebula-explorer}", "graph: unknown key; expected one of http, log, server"),
        (
            "graph: {kind: nebula-explorer}",
            "; a source stands under `sources:`, a sink under `sinks:`, each two blanks",
        ),
        ("server: {listen: localhost}", "server.listen: got 'localhost'; expected host and port"),
        ("server: {listen: '127.0.0.1:99999'}", "server.listen: got '127.0.0.1:99999'; expected host and port"),
        ("store: {url: 'mysql://x/y'}", "store.url: got 'mysql://…' (11 characters); expected sqlite:/// and a file"),
        ("store: {url: 'sqlite://'}", "store.url: got 'sqlite://…' (9 characters); expected sqlite:/// and a file"),
        ("watches: {a: 1}", "watches: got a mapping; expected a list"),
        ("shutdown: {drain: forever}", "shutdown.drain: 'fo…' (7 characters) is not a duration"),
        ("log: []", "log: got an empty list; expected a mapping"),
    ],
)
def test_each_mistake_elsewhere_is_explained(desk: Desk, more: str, expected: str) -> None:
    """Other sections are as strict."""
    assert expected in desk.problem(f"{more}\n")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("account: root", "account: ${USER}", "account"),
        ("account: root", "account: ${USER:-root}", "account"),
        ("account: root", "account: $USER", "account"),
        ("account: root", "account: '%USER%'", "account"),
        ("explorer.internal:7002", "${HOST}:7002", "base_url"),
        ("password: planted-password", "password: ${PASSWORD}", "password"),
    ],
)
def test_a_placeholder_is_refused_with_the_variable_to_set(
    desk: Desk, edit: Edit, old: str, new: str, key: str
) -> None:
    """Nothing is replaced in the file; taken as it stands, it would be a wrong account."""
    edit(old, new)
    problem = desk.problem()
    assert f"sources.graph.{key}: ${{NAME}}, $NAME and %NAME% are not replaced in this file" in problem
    assert problem.endswith(f"set the environment variable JOBWATCHD_SOURCES__GRAPH__{key.upper()} instead of it")


def test_a_placeholder_in_a_header_is_refused(desk: Desk) -> None:
    """A header is no place that a variable can set alone, so the value itself is wanted."""
    sink = "{kind: webhook, url: 'https://h.example', secrets: [], headers: {Authorization: 'Bearer ${TOKEN}'}}"
    assert desk.problem(f"sinks: {{a: {sink}}}\n").endswith("not replaced in this file; write the value itself")


def test_a_secret_with_a_dollar_sign_is_one(desk: Desk, edit: Edit) -> None:
    """Passwords are made of such letters."""
    edit("planted-password", "pa$${x}ss")
    assert explorer(desk.load()).password.get_secret_value() == "pa$${x}ss"


def test_a_placeholder_that_a_variable_replaces_is_no_mistake(desk: Desk, edit: Edit) -> None:
    """The environment has the last word."""
    edit("account: root", "account: ${USER}")
    assert explorer(desk.load(JOBWATCHD_SOURCES__GRAPH__ACCOUNT="me")).account == "me"


def test_braces_in_a_description_are_its_own(desk: Desk) -> None:
    """A template may follow a dollar sign."""
    api = "{kind: http-json, base_url: 'http://a', parameters: [id], request: {path: '/j/${id}'}, read: {state: s}}"
    whole = api.replace("read:", "states: {A: running}, read:")
    desk.text = f"sources:\n  lab: {whole}\n"
    assert described(desk.load()).request.path.text == "/j/${id}"


def test_a_url_that_was_copied_whole_is_refused(desk: Desk, edit: Edit) -> None:
    """What requests begin with would be there twice."""
    edit("explorer.internal:7002", "explorer.internal:7002/api-open/v1/")
    assert "base_url: it ends with /api-open/v1, which is added to it" in desk.problem()


@pytest.mark.parametrize(
    ("base", "expected"),
    [("http://a/api/v1", "it ends with /api/v1, which is added to it"), ("http://a/api", ""), ("http://a/x", "")],
)
def test_a_url_that_ends_as_the_path_begins(desk: Desk, base: str, expected: str) -> None:
    """Two parts that are there twice are a mistake, one may be a proxy's."""
    api = f"kind: http-json, base_url: '{base}', parameters: [id], request: {{path: '/api/v1/jobs/{{id}}'}}"
    desk.text = f"sources:\n  lab: {{{api}, states: {{A: running}}, read: {{state: s}}}}\n"
    if expected:
        assert expected in desk.problem()
    else:
        desk.load()


def test_a_url_without_a_scheme_is_told_to_have_one(desk: Desk, edit: Edit) -> None:
    """What a browser guesses has to be written."""
    edit("http://explorer.internal:7002", "localhost:8080")
    assert "write http:// or https:// in front of the host" in desk.problem()


@pytest.mark.parametrize(
    ("kind", "meant"), [("nebula", "nebula-explorer"), ("GitHub", "github-actions"), ("airflw", "airflow")]
)
def test_a_kind_that_is_mistyped_is_recognised(desk: Desk, edit: Edit, kind: str, meant: str) -> None:
    """The beginning of a name will do, too."""
    edit("kind: nebula-explorer", f"kind: {kind}")
    assert f"sources.graph.kind: got {kind!r}, did you mean `{meant}`?" in desk.problem()


def test_a_section_without_content_has_its_defaults(desk: Desk) -> None:
    """All lines under a key may be commented out."""
    settings = desk.load("sinks:\nwatches:\nserver:\n")
    assert sorted(settings.sinks) == ["journal", "prometheus"]
    assert settings.server.address == ("127.0.0.1", 25629)


def test_sources_are_needed(desk: Desk) -> None:
    """A daemon without anything to poll is a mistake."""
    desk.text = "log: {level: info}\n"
    assert desk.problem() == "jobwatchd.yaml: sources: the key is missing"


def test_a_source_is_needed(desk: Desk) -> None:
    """An empty mapping of sources is none."""
    desk.text = "sources: {}\n"
    assert "sources: got an empty mapping; expected at least 1 entry" in desk.problem()
