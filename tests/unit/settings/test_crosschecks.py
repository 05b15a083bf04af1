"""What no section can know alone to be wrong."""

import pytest

from jobwatchd.settings import effective
from unit.settings.desk import Desk

UP = "space_id: s, workflow_id: w, job_id: j"


@pytest.mark.parametrize(
    ("watches", "expected"),
    [
        (
            "{source: nobody, job: {job_id: 1}}",
            "[0].source: there is no source 'no…' (6 characters); expected one of: graph, media-lab",
        ),
        ("{source: graph, job: {id: 1}}", "[0].job: got id; expected exactly job_id"),
        ("{source: graph, job: {job_id: 1, x: 2}}", "[0].job: got job_id, x; expected exactly job_id"),
        ("{source: graph, job: {job_id: abc}}", "[0].job: expected job_id to be a number"),
        ("{source: graph, job: {job_id: '007'}}", "[0].job: expected job_id to be a number without leading zeros"),
        ("{source: graph, job: {job_id: true}}", "[0].job.job_id: got true; expected text or a whole number"),
        ("{source: graph, job: {job_id: 1.5}}", "[0].job.job_id: got 1.5; expected text or a whole number"),
        ("{source: graph, job: {job_id: -1}}", "[0].job.job_id: got -1; expected text or a whole number from 0 to"),
        (
            "{source: media-lab, job: {job_id: j}}",
            "[0].job: got job_id; expected exactly space_id, workflow_id, job_id",
        ),
        (
            "{source: media-lab, job: {space_id: .., workflow_id: w, job_id: j}}",
            "[0].job: a job parameter must not be '..'",
        ),
        ("{source: media-lab, job: {space_id: '', workflow_id: w, job_id: j}}", "must not be empty"),
        (
            "{source: graph, job: {job_id: 1}}, {source: graph, job: {job_id: '1'}}",
            "[1]: graph/1 is watched already, by",
        ),
        (
            "{source: graph, job: {job_id: 1}, min_interval: 1h}",
            "[0].min_interval: got 1h; expected 2s to 30m, the bounds of its source",
        ),
        (
            "{source: graph, job: {job_id: 1}, min_interval: 1ms}",
            "[0].min_interval: got 1ms; expected 2s to 30m, the bounds of its source",
        ),
        (
            "{source: graph, job: {job_id: 1}, max_interval: 1s}",
            "[0].max_interval: got 1s; expected 2s to 30m, the bounds of its source",
        ),
        (
            "{source: graph, job: {job_id: 1}, max_interval: 1h}",
            "[0].max_interval: got 1h; expected 2s to 30m, the bounds of its source",
        ),
        (
            "{source: graph, job: {job_id: 1}, min_interval: 5s, max_interval: 1s}",
            "[0]: min_interval (5s) is longer than",
        ),
        ("{source: graph, job: {job_id: 1}, deadline: 0s}", "[0].deadline: got '0s'; expected a duration above zero"),
    ],
)
def test_watches_fit_their_sources(desk: Desk, watches: str, expected: str) -> None:
    """A watch names a source, its parameters, and each job once."""
    problem = desk.problem(f"watches: [{watches}]\n")
    assert problem.startswith("jobwatchd.yaml:12: watches[")
    assert expected in problem


def test_the_same_id_on_two_sources_is_two_jobs(desk: Desk) -> None:
    """A job is named by its source too."""
    watches = f"watches: [{{source: graph, job: {{job_id: 7}}}}, {{source: media-lab, job: {{{UP}}}}}]\n"
    assert [spec.ref.key for spec in desk.load(watches).watch_specs()] == ["graph/7", "media-lab/s/w/j"]


def test_a_sink_filters_by_sources_that_exist(desk: Desk) -> None:
    """A filter for a source that is not there would let nothing pass."""
    assert "sinks.a.sources[1]: there is no source 'grph'; expected one of: graph, media-lab" in desk.problem(
        "sinks: {a: {kind: log, sources: [graph, grph]}}\n"
    )


def test_there_is_one_metrics_sink_at_most(desk: Desk) -> None:
    """Two of them would count everything twice under the same names."""
    assert "sinks.b.kind: a is a metrics sink already; expected at most one" in desk.problem(
        "sinks: {a: {kind: metrics}, b: {kind: metrics}}\n"
    )


@pytest.mark.parametrize("listen", ["0.0.0.0:25629", ":25629", "[::]:25629", "10.0.0.5:80", "example.com:80"])
def test_an_open_address_wants_tokens(desk: Desk, listen: str) -> None:
    """Whoever can reach the API could change what is watched."""
    assert f"server.listen: {listen} can be reached from other machines" in desk.problem(
        f"server: {{listen: '{listen}'}}\n"
    )


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:25629", "localhost:80", "127.8.8.8:1"])
def test_a_loopback_address_wants_none(desk: Desk, listen: str) -> None:
    """Only this machine can reach it."""
    assert desk.load(f"server: {{listen: '{listen}'}}\n").server.tokens == ()


def test_an_open_address_with_tokens_is_fine(desk: Desk) -> None:
    """Tokens keep strangers out."""
    (desk.folder / "tokens").write_text("# for the dashboard\n\nplanted-token-0123456789\n")
    server = desk.load("server: {listen: ':25629', tokens_file: tokens}\n").server
    assert server.address == ("", 25629)
    assert [token.get_secret_value() for token in server.tokens] == ["planted-token-0123456789"]


def test_short_tokens_are_refused(desk: Desk) -> None:
    """A token has to be hard to guess."""
    (desk.folder / "tokens").write_text("short\n")
    assert "server.tokens[0]: a token cannot be used; expected at least 16" in desk.problem(
        "server: {tokens_file: tokens}\n"
    )


def test_tokens_can_have_names(desk: Desk) -> None:
    """A line is a token, or its name and the token; what has no name is called by its place among the tokens."""
    (desk.folder / "tokens").write_text("# ours\nplanted-token-0123456789\n\nci: planted-token-of-ci-0123\n")
    settings = desk.load("server: {tokens_file: tokens}\n")
    assert settings.server.named_tokens == {"token-1": "planted-token-0123456789", "ci": "planted-token-of-ci-0123"}
    assert {"planted-token-0123456789", "planted-token-of-ci-0123"} <= settings.secrets()
    assert "planted-token-of-ci" not in repr(settings) + effective(settings)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["CI: planted-token-0123456789"], "server.tokens[0]: the name of a token cannot be used; expected 1 to 63 of"),
        ([": planted-token-0123456789"], "server.tokens[0]: the name of a token cannot be used"),
        (["Planted-Token-0123456789: laptop"], "server.tokens[0]: the name of a token cannot be used"),
        (["ci: short"], "server.tokens[0]: a token cannot be used; expected at least 16"),
        (["continuous-integration:"], "server.tokens[0]: a token cannot be used; expected at least 16"),
        (["ci: planted-token 0123456789"], "server.tokens[0]: a token cannot be used"),
        (["ci: planted-token-0123456789", "ci: another-token-0123456789"], "server.tokens: two tokens are named 'ci'"),
        (["ci: planted-token-0123456789", "planted-token-0123456789"], "server.tokens: the token 'token-2' is another"),
    ],
)
def test_wrong_names_of_tokens_are_refused(desk: Desk, lines: list[str], complaint: str) -> None:
    """In one sentence that tells no token, not even where name and token were exchanged."""
    (desk.folder / "tokens").write_text("\n".join(lines))
    problem = desk.problem("server: {tokens_file: tokens}\n")
    assert complaint in problem
    assert "lanted" not in problem


def test_a_tokens_file_of_comments_is_refused(desk: Desk) -> None:
    """A file without tokens would open the API, or close it, by mistake."""
    (desk.folder / "tokens").write_text("# none yet\n")
    assert "server.tokens_file: the file tokens holds only comments" in desk.problem("server: {tokens_file: tokens}\n")


def test_contradictions_are_found_beside_mistakes(desk: Desk) -> None:
    """A wrong value in one section does not hide what is wrong between others."""
    problems = desk.problems("log: {level: loud}\nwatches: [{source: nobody, job: {job_id: 1}}]\n")
    assert ["log.level" in problems[0], "watches[0].source" in problems[1], len(problems)] == [True, True, 2]
