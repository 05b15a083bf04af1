"""A secret in the place of any other value: the mistake is told, and the secret is not."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobwatchd.errors import ConfigError
from jobwatchd.settings import load_settings

FOLDER = Path(__file__).parents[3] / "config"
SECRETS = (
    "hunter-22",
    "planted-Secret_42",
    "849213084712",
    "849213084712s",
    "aGVsbG8vd29ybGQrcGxhbnRlZA==",
    "-----BEGIN KEY-----\nMIIEpl4nted\n-----END",
)


def leaves(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value of a tree, those of lists and mappings too."""
    yield path
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from leaves(value, (*path, key))


def with_value(tree: Any, path: tuple[str | int, ...], value: object) -> Any:
    """Return the tree with another value at a path."""
    changed = here = copy.deepcopy(tree)
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return changed


EXAMPLE = yaml.safe_load((FOLDER / "jobwatchd.example.yaml").read_text())
PRESET = {
    "kind": "http-json",
    "base_url": "http://lab",
    **yaml.safe_load((FOLDER / "presets" / "airflow.yaml").read_text()),
}
DESCRIBED = {"sources": {"lab": {key: value for key, value in PRESET.items() if key not in {"title", "version"}}}}
PLACES = [(tree, path) for tree in (EXAMPLE, DESCRIBED) for path in leaves(tree) if path]


@pytest.mark.parametrize(
    "secret", [SECRETS[-1], *(pytest.param(secret, marks=pytest.mark.slow) for secret in SECRETS[:-1])]
)
def test_no_misplaced_secret_is_shown_whole(tmp_path: Path, secret: str) -> None:
    """Wherever it was put, a message has no more than its beginning, and no line of a longer one."""
    file = tmp_path / "jobwatchd.yaml"
    shown = []
    refused = 0
    for tree, path in PLACES:
        file.write_text(yaml.safe_dump(with_value(tree, path, secret)))
        try:
            load_settings(file, {}, secrets_folder=tmp_path)
        except ConfigError as error:
            refused += 1
            shown += [
                (path, problem) for problem in error.problems if any(line in problem for line in secret.split("\n"))
            ]
    assert shown == []
    assert refused > 100


@pytest.mark.parametrize("secret", ["planted-Secret_42", *SECRETS[4:]])
def test_a_secret_that_stands_as_a_key_is_not_shown_whole(tmp_path: Path, secret: str) -> None:
    """As far as it looks like one: the name of a key or a source has to be told."""
    file = tmp_path / "jobwatchd.yaml"
    mappings = [(tree, path) for tree, path in [(EXAMPLE, ()), *PLACES] if isinstance(value_at(tree, path), dict)]
    refused, shown = 0, list[str]()
    for tree, path in mappings:
        file.write_text(yaml.safe_dump(with_value(tree, (*path, secret), "x")))
        try:
            load_settings(file, {}, secrets_folder=tmp_path)
        except ConfigError as error:
            refused += 1
            shown += [problem for problem in error.problems if any(line in problem for line in secret.split("\n"))]
    assert shown == []
    assert refused > 15


def value_at(tree: Any, path: tuple[str | int, ...]) -> Any:
    """Return what is there."""
    for key in path:
        tree = tree[key]
    return tree
