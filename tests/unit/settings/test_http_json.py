"""Sources by a description: the file's keys, credentials and mistakes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobwatchd.errors import ConfigError
from jobwatchd.settings import effective
from jobwatchd.settings.presets import load_preset
from jobwatchd.settings.registry import preset_files
from unit.settings.desk import Desk, described

SOURCE = """\
  lab:
    kind: http-json
    base_url: http://lab.internal/api
    parameters: [space, job_id]
    numeric: [job_id]
    request: {path: "/{space}/{job_id}"}
    auth: {kind: bearer}
    token: planted-token
    read: {state: status}
    states: {busy: running, 0: succeeded, true: failed, null: queued}
"""
WATCH = "watches:\n  - {source: lab, job: {space: a/b, job_id: %s}}\n"
Edit = Callable[[str, str], Any]


@pytest.fixture
def lab(desk: Desk) -> Desk:
    """Return a desk with a described source besides the others."""
    desk.text += SOURCE
    return desk


@pytest.fixture
def change(lab: Desk, edit: Edit) -> Edit:
    """Replace a part of the described source."""
    return edit


def test_a_described_source_is_one_like_any(lab: Desk) -> None:
    """Its words are text, whatever YAML makes of them elsewhere; its parameters name jobs."""
    settings = lab.load(WATCH % 17)
    assert list(described(settings).states) == ["busy", "0", "true", "null"]
    assert [spec.ref.key for spec in settings.watch_specs()] == ["lab/a%2Fb/17"]


@pytest.mark.parametrize(("job", "told"), [("x", "a number without leading zeros"), ("007", "without leading zeros")])
def test_a_watch_has_to_fit_the_parameters(lab: Desk, job: str, told: str) -> None:
    """Before anything starts."""
    assert told in lab.problem(WATCH % job)


def test_a_watch_names_the_parameters(lab: Desk) -> None:
    """All of them, and no others."""
    more = "watches:\n  - {source: lab, job: {job_id: 1}}\n"
    assert lab.problem(more).endswith("watches[0].job: got job_id; expected exactly space, job_id")


def test_secrets_are_masked_and_known(lab: Desk) -> None:
    """In each form in which they travel."""
    settings = lab.load()
    assert "planted-token" not in effective(settings)
    assert "planted-token" not in repr(settings)
    assert "planted-token" in settings.secrets()


def test_what_is_in_force_is_a_configuration_again(lab: Desk) -> None:
    """But for the secrets, it says the same."""
    first = effective(lab.load())
    lab.text = first.replace("'********'", "0123456789abcdef")
    assert effective(lab.load()) == first


def test_a_secret_comes_from_all_its_places(change: Edit) -> None:
    """As those of other sources do."""
    desk = change("    token: planted-token\n", "")
    assert "sources.lab.token: the secret is missing; expected token_file, the environment variable" in desk.problem()
    (desk.secrets / "sources.lab.token").write_text("from-secrets\n")
    assert desk.load().sources["lab"].token.get_secret_value() == "from-secrets"
    assert desk.load(JOBWATCHD_SOURCES__LAB__TOKEN="from-env").sources["lab"].token.get_secret_value() == "from-env"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("token: planted-token", "password: planted-token", ":19: sources.lab.password: auth (kind bearer) has no use"),
        (
            "{kind: bearer}",
            "{kind: basic}",
            ":19: sources.lab.token: auth (kind basic) has no use for it; expected user",
        ),
        ("{kind: bearer}", "{kind: berer}", ":18: sources.lab.auth.kind: got 'berer', did you mean `bearer`?"),
        ("{kind: bearer}", "{kind: bearer, tokn: x}", ":18: sources.lab.auth.tokn: unknown key; expected one of kind"),
        ("{state: status}", "{state: 'a['}", ":20: sources.lab.read.state: got 'a['; expected a JMESPath expression"),
        ("{state: status}", "{stat: x}", ":20: sources.lab.read.stat: unknown key, did you mean `state`?"),
        (
            "{state: status}",
            "{state: s, queued_at: 'b['}",
            ":20: sources.lab.read.queued_at: got 'b['; expected a JMESPath",
        ),
        (
            "{state: status}",
            "{state: s, queued_at: {expression: b, format: iso}}",
            ":20: sources.lab.read.queued_at.format: got 'iso'; expected one of 'iso8601'",
        ),
        (
            "busy: running",
            "busy: runing",
            ":21: sources.lab.states.busy: got 'runing'; expected one of queued, running",
        ),
        ("/{job_id}", "/{job}", ":17: sources.lab.request.path: nothing is known of {job}; expected {job_id}, {space}"),
        ("numeric: [job_id]", "numeric: [x]", ":16: sources.lab.numeric[0]: got 'x'; expected one of space, job_id"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_key(change: Edit, old: str, new: str, told: str) -> None:
    """Keys that are short forms, or stand below a kind, are told as they are written."""
    assert any(told in problem for problem in change(old, new).problems())


def test_the_environment_reaches_into_a_description(lab: Desk) -> None:
    """As far as there are sections."""
    assert described(lab.load(JOBWATCHD_SOURCES__LAB__REQUEST__METHOD="POST")).request.method == "POST"
    auth = described(lab.load(JOBWATCHD_SOURCES__LAB__AUTH__OPTIONAL="true")).auth
    assert auth.model_dump()["optional"] is True


@pytest.mark.parametrize("file", list(preset_files().values()), ids=lambda file: file.stem)
def test_every_preset_is_right(file: Path) -> None:
    """And has a title."""
    assert load_preset(file).title


def test_a_preset_that_is_wrong_names_its_own_file(tmp_path: Path) -> None:
    """Not the user's, who has not written it."""
    file = tmp_path / "lab.yaml"
    file.write_text(
        "title: Lab\nparameters: [job_id]\nrequest:\n  path: /{job}\nread: {stat: s}\nstates: {a: running}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_preset(file)
    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [f"{file}:5"] * 2
