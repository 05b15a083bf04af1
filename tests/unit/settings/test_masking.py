"""Secrets are planted in every place, and looked for in everything that is shown."""

import pickle
from typing import Any

import pytest
import yaml

from jobwatchd.settings import effective
from unit.settings.desk import Desk

PLANT = "Planted0Planted0"
SIGNING = f"whsec_{PLANT}{PLANT}"
MORE = f"""\
sinks:
  ci:
    {{kind: webhook, url: 'https://ci.example.com/x', secrets: [{SIGNING}], headers: {{Authorization: Bearer {PLANT}}}}}
server: {{tokens: [{PLANT}]}}
"""


def planted(desk: Desk) -> Any:
    """Return the desk with a secret in each place that takes one."""
    desk.text = desk.text.replace("planted-password", PLANT).replace("planted-api-key", PLANT) + MORE
    return desk


def test_the_effective_configuration_masks_each_secret(desk: Desk) -> None:
    """Everything else is shown, defaults included."""
    text = effective(planted(desk).load())
    assert PLANT not in text
    tree = yaml.safe_load(text)
    assert tree["sources"]["graph"]["password"] == tree["sources"]["media-lab"]["api_key"] == "********"
    assert tree["sinks"]["ci"]["secrets"] == tree["server"]["tokens"] == ["********"]
    assert tree["sinks"]["ci"]["headers"] == {"Authorization": "********"}
    assert tree["sources"]["graph"]["poll"]["max_interval"] == "30m"


def test_the_effective_configuration_shows_where_secrets_came_from(desk: Desk) -> None:
    """The file that was found unasked is named."""
    desk.text = desk.text.replace("    password: planted-password\n", "")
    (desk.secrets / "sources.graph.password").write_text(PLANT)
    tree = yaml.safe_load(effective(desk.load()))
    assert tree["sources"]["graph"]["password_file"] == f"{desk.secrets}/sources.graph.password"


def test_what_is_effective_can_be_read_again(desk: Desk) -> None:
    """With the masks replaced, it is a configuration that means the same."""
    settings = desk.load()
    desk.text = effective(settings).replace("'********'", "planted-password")
    assert effective(desk.load()) == effective(settings)


def test_no_representation_shows_a_secret(desk: Desk) -> None:
    """Not repr, not str, and not what JSON would be made of it."""
    settings = planted(desk).load()
    shown = [repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())]
    assert [PLANT in text for text in shown] == [False] * 4
    assert PLANT.encode() in pickle.dumps(settings), "the secrets are there to be shown"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: nebula-explorer", "kind: nebula"),
        ("kind: nebula-explorer", "kind: 5"),
        ("account: root", "account: [a]"),
        (f"password: {PLANT}", f"pasword: {PLANT}"),
        (f"password: {PLANT}", f"password: [{PLANT}]"),
        (f"password: {PLANT}", f"password: {{a: {PLANT}}}"),
        (f"password: {PLANT}", f"password: {PLANT}\n    password: {PLANT}"),
        (f"password: {PLANT}", f"password: {PLANT}\n    password_file: none"),
        (f"password: {PLANT}", f"password: *{PLANT}"),
        (f"password: {PLANT}", f"password: !{PLANT} x"),
        (f"password: {PLANT}", f"password: '{PLANT}"),
        (f"password: {PLANT}", f"password: x: {PLANT}"),
        (f"password: {PLANT}", f'password: "{PLANT}\\n"'),
        (f"api_key: {PLANT}", f"api_key: ü{PLANT}"),
        (f"[{SIGNING}]", SIGNING),
        (f"[{SIGNING}]", f"[{SIGNING}!]"),
        (f"Bearer {PLANT}", f'"{PLANT}\\n"'),
        (f"Bearer {PLANT}", f"[{PLANT}]"),
        ("Authorization:", "Content-Type:"),
        ("Authorization:", "'Not a name':"),
        (f"tokens: [{PLANT}]", f"tokens: {PLANT}"),
        (f"tokens: [{PLANT}]", f"tokens: ['{PLANT} ']"),
        (f"tokens: [{PLANT}]", f"token: {PLANT}"),
        ("http://explorer.internal", f"http://me:{PLANT}@explorer.internal"),
        ("https://ci.example.com/x", f"https://ci.example.com/x?key={PLANT}"),
        ("https://ci.example.com/x", f"{PLANT}@ci.example.com"),
        ("server:", f"proxy: {PLANT}\nserver:"),
    ],
)
def test_no_mistake_shows_a_secret(desk: Desk, old: str, new: str) -> None:
    """Whatever is wrong, beside a secret or with it, its value is not repeated."""
    planted(desk)
    assert old in desk.text
    desk.text = desk.text.replace(old, new, 1)
    problems = desk.problems()
    assert problems
    assert PLANT not in "\n".join(problems)


@pytest.mark.parametrize(
    "variable",
    [
        "JOBWATCHD_PASSWORD",
        "JOBWATCHD_SOURCES__GRAPH__PASWORD",
        "JOBWATCHD_SOURCES__GRAPH__GRAPHD",
        "JOBWATCHD_SOURCES__GRAPH__POLL__PASSWORD",
        "JOBWATCHD_SINKS__CI__SECRETS",
        "JOBWATCHD_SERVER__TOKENS",
        "JOBWATCHD_SOURCES__NOBODY__PASSWORD",
    ],
)
def test_no_mistake_in_the_environment_shows_a_secret(desk: Desk, variable: str) -> None:
    """A secret under a name that sets nothing, or that is no JSON, is not repeated."""
    problem = planted(desk).problem(**{variable: PLANT})
    assert variable in problem
    assert PLANT not in problem
