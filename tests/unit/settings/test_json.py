"""A configuration that is JSON, which is YAML too, and is read faster where both mean the same."""

import json
from pathlib import Path

import pytest

from jobwatchd.errors import ConfigError
from jobwatchd.settings.composer import MAX_DEPTH, Composer
from jobwatchd.settings.document import json_tree, read_document

TREE = {
    "sources": {"graph": {"kind": "x", "on": True, "off": False, "none": None, "n": [0, -1, 1.5, 1e9, 12345678901]}},
    "watches": [{"source": "graph", "job": {"id": "007"}, "labels": {"a": "yes", "b": "~", "c": "", "d": "Zürich"}}],
}


def composed(text: str) -> object:
    """Return what YAML makes of a text."""
    return Composer(text, lambda _path, _line, sentence: pytest.fail(sentence)).compose()[0]


@pytest.mark.parametrize("indent", [None, 2])
def test_json_is_read_as_yaml_would(indent: int | None) -> None:
    """Value by value, and of the same types."""
    text = json.dumps(TREE, indent=indent, ensure_ascii=False)
    assert repr(json_tree(text)) == repr(TREE) == repr(composed(text))


@pytest.mark.parametrize(
    "text",
    [
        "sources: {}",
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": 2}}',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1} # comment',
        "{a: 1}",
        '{"a": "\\ud800"}',
        '{"a": "\x9b"}',
        '{"a": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}",
        '{"a": ' + "[" * 100_000,
    ],
)
def test_what_could_mean_something_else_is_left_to_yaml(text: str) -> None:
    """So that no mistake goes unseen, and each is told with its line."""
    assert json_tree(text) is None


def test_a_key_that_is_given_twice_is_refused_in_json_too(tmp_path: Path) -> None:
    """With the lines of both."""
    file = tmp_path / "jobwatchd.json"
    file.write_text('{\n"sources": {},\n"sources": {}\n}')
    assert [problem.text for problem in read_document(file).problems.found] == [
        f"{file}:3: sources: the key is given twice, first in line 2; expected one"
    ]


def test_json_that_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    """As YAML is."""
    file = tmp_path / "jobwatchd.json"
    file.write_text('{"a": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}")
    with pytest.raises(ConfigError, match=f"nested more than {MAX_DEPTH} deep"):
        read_document(file)
