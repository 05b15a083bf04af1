"""Secrets that are read again: from the same files, by the same law as at the start."""

from typing import Any

import pytest

from jobwatchd.errors import ConfigError
from jobwatchd.kinds.secrets import (
    credentials_recipe,
    secret_recipe,
    without_filed_secrets,
)
from jobwatchd.rotation import Recipe
from jobwatchd.settings import Settings
from jobwatchd.settings.server import tokens_recipe
from unit.settings.desk import Desk, described, webhook

FIRST, SECOND = "whsec_Zmlyc3QtZmlyc3QtZmlyc3QtZmlyc3Q=", "whsec_c2Vjb25kLXNlY29uZC1zZWNvbmQtc2Vjb25k"
SOURCES = """\
sources:
  graph: {kind: nebula-explorer, base_url: http://x, account: root, password_file: pw, graphd: {address: a}}
  media: {kind: telestream-up, base_url: http://x, api_key_file: key}
  lab:
    kind: http-json
    base_url: http://x
    parameters: [id]
    request: {path: "/{id}"}
    auth: {kind: header, headers: {X-Key: "{password}-{token}"}}
    password_file: pw
    token_file: key
    read: {state: s}
    states: {a: running}
sinks:
  ci:
    kind: webhook
    url: http://x/y
    secret_files: [first, second]
    auth: {kind: oauth2, token_url: /t}
    client_id: c
    client_secret_file: pw
server: {tokens_file: tokens}
"""


@pytest.fixture
def settings(desk: Desk) -> Settings:
    """Return settings whose every secret is in a file."""
    desk.text = SOURCES
    for name, text in {
        "pw": "open-sesame-1\n",
        "key": "key-1\n",
        "first": FIRST,
        "second": f"# the old one\n{SECOND}\n",
        "tokens": "# ours\n0123456789abcdef\nfedcba9876543210\n",
    }.items():
        (desk.folder / name).write_text(text)
    return desk.load()


def recipes(settings: Settings) -> dict[str, Any]:
    """Return the recipe of every secret, by its place."""
    found: list[Recipe[Any]] = [
        secret_recipe("sources.graph", settings.sources["graph"], "password"),
        secret_recipe("sources.media", settings.sources["media"], "api_key"),
        credentials_recipe("sources.lab", described(settings)),
        credentials_recipe("sinks.ci", webhook(settings)),
        secret_recipe("sinks.ci", settings.sinks["ci"], "secrets"),
        tokens_recipe(settings.server),
    ]
    return {recipe.place: recipe for recipe in found}


def read(recipe: Any) -> dict[str, bytes]:
    """Return the contents of the files of a recipe."""
    return {name: path.read_bytes() for name, path in recipe.files.items()}


def test_what_is_read_again_is_what_was_read(settings: Settings) -> None:
    """Nothing seems to have changed where nothing has."""
    made = {place: recipe.make(read(recipe)) for place, recipe in recipes(settings).items()}
    assert made == {
        "sources.graph.password": "open-sesame-1",
        "sources.media.api_key": "key-1",
        "sources.lab": described(settings).credentials(),
        "sinks.ci": webhook(settings).credentials(),
        "sinks.ci.secrets": (FIRST, SECOND),
        "server.tokens": {"token-1": "0123456789abcdef", "token-2": "fedcba9876543210"},
    }


@pytest.mark.parametrize(
    ("place", "spoilt", "told"),
    [
        (
            "sources.graph.password",
            {"pw": b"two\nlines"},
            "graph.password: the secret holds control characters",
        ),
        ("sources.graph.password", {"pw": b"\xff"}, "is not UTF-8"),
        ("sources.media.api_key", {"key": "planté".encode()}, "sources.media.api_key: the secret travels in an HTTP"),
        ("sources.lab", {"pw": "planté".encode()}, "sources.lab.password: it travels in an HTTP header"),
        ("sources.lab", {"key": b"planted\nplanted"}, "sources.lab.token: the secret travels in an HTTP header"),
        ("sinks.ci", {"pw": b"a\0b"}, "sinks.ci.client_secret: the secret holds control characters"),
        ("sinks.ci.secrets", {"first": b"whsec_planted"}, "sinks.ci.secrets: a signing secret cannot be used"),
        ("sinks.ci.secrets", {"second": b"# nothing\n"}, "holds only comments"),
        ("server.tokens", {"tokens": b"planted"}, "server.tokens: a token cannot be used; expected at least 16"),
    ],
)
def test_what_would_have_been_refused_at_the_start_is_refused(
    desk: Desk, settings: Settings, place: str, spoilt: dict[str, bytes], told: str
) -> None:
    """In the same words, and nothing of it is told."""
    for file, text in spoilt.items():
        (desk.folder / file).write_bytes(text)
    recipe = recipes(settings)[place]
    with pytest.raises(ConfigError) as caught:
        recipe.make(read(recipe))
    assert told in str(caught.value)
    assert "plant" not in str(caught.value)


def test_every_form_in_which_a_secret_travels_is_known(settings: Settings) -> None:
    """So that none of them is told."""
    known = {place: set(recipe.secrets(recipe.make(read(recipe)))) for place, recipe in recipes(settings).items()}
    # Those of the settings are more: they are told by their type, with whatever could be the name that goes with one.
    assert {secret for secrets in known.values() for secret in secrets} <= settings.secrets()
    assert {"open-sesame-1", "key-1", FIRST, SECOND, "0123456789abcdef"} <= set().union(*known.values())


def test_a_secret_that_is_no_file_has_none(desk: Desk) -> None:
    """It stays what it is."""
    settings = desk.load()
    assert not secret_recipe("sources.graph", settings.sources["graph"], "password").files
    assert not tokens_recipe(settings.server).files


def test_other_contents_of_a_file_are_no_other_configuration(desk: Desk, settings: Settings) -> None:
    """But another file is, and so is another secret that stands in the configuration itself."""
    (desk.folder / "pw").write_text("other")
    again = desk.load()
    views = [without_filed_secrets(each.sources["graph"]) for each in (settings, again)]
    assert views[0] == views[1]
    assert settings.sources["graph"] != again.sources["graph"]
    (desk.folder / "pw2").write_text("other")
    desk.text = SOURCES.replace("password_file: pw,", "password_file: pw2,")
    assert without_filed_secrets(desk.load().sources["graph"]) != views[0]
    desk.text = SOURCES.replace("password_file: pw,", "password: one,")
    inline = without_filed_secrets(desk.load().sources["graph"])
    desk.text = SOURCES.replace("password_file: pw,", "password: two,")
    assert without_filed_secrets(desk.load().sources["graph"]) != inline
