"""The sections of sources and sinks in the configuration's JSON Schema: values, names, secrets, presets."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from jobwatchd.settings.presets import load_preset
from jobwatchd.settings.registry import preset_files
from unit.settings.schema_judge import GRAPH, PASSWORD, complaints, is_taken


@pytest.mark.parametrize(
    "poll",
    [
        {"min_interval": "250ms"},
        {"min_interval": "5"},
        {"min_interval": 5},
        {"min_interval": "0.5s"},
        {"linger": 0},
        {"linger": "0s"},
        {"rate": None},
        {"rate": "300/m"},
        {"rate": 300},
        {"concurrency": 0},
        {"concurrency": 3},
        {"concurrency": True},
        {"age_fraction": 0},
        {"age_fraction": 1},
        {"jitter": 1},
        {"lost_after": {"not_found": 2, "grace": "1m"}},
        {"lost_after": {"not_founds": 2}},
    ],
    ids=str,
)
def test_values_are_written_as_the_daemon_reads_them(
    validator: Draft202012Validator, poll: dict[str, Any], tmp_path: Path
) -> None:
    """Durations, rates and numbers, with units and within bounds."""
    tree = {"sources": {"graph": {**GRAPH, **PASSWORD, "poll": poll}}}
    assert (complaints(validator, tree) == []) == is_taken(tree, tmp_path)


@pytest.mark.parametrize("name", ["graph", "a-1_x", "Graph", "-a", "a b", ""])
def test_names_are_those_that_the_daemon_takes(validator: Draft202012Validator, name: str, tmp_path: Path) -> None:
    """Of sources, for one."""
    tree = {"sources": {name: {**GRAPH, **PASSWORD}}}
    assert (complaints(validator, tree) == []) == is_taken(tree, tmp_path)


@pytest.mark.parametrize(
    "given", [{}, {"password": "s"}, {"password_file": "f"}, {"password": None, "password_file": "f"}]
)
def test_a_secret_may_be_in_the_file_or_beside_it_or_elsewhere(
    validator: Draft202012Validator, given: dict[str, Any]
) -> None:
    """Where nothing is said of it, it may come from the environment or a folder of secrets."""
    assert complaints(validator, {"sources": {"graph": {**GRAPH, **given}}}) == []


@pytest.mark.parametrize(
    "tree",
    [
        {"sources": {"graph": {**GRAPH, "password": "s", "password_file": "f"}}},
        {"sources": {"graph": GRAPH}, "server": {"tokens": ["s"], "tokens_file": "f"}},
        {
            "sources": {"graph": GRAPH},
            "sinks": {"ci": {"kind": "webhook", "url": "http://x", "secrets": [], "secret_files": []}},
        },
        {"sources": {"flows": {"kind": "airflow", "base_url": "http://x", "token": "s", "token_file": "f"}}},
    ],
)
def test_a_secret_is_not_given_twice(validator: Draft202012Validator, tree: dict[str, Any]) -> None:
    """One of both would not count."""
    assert complaints(validator, tree) != []


@pytest.mark.parametrize("name", preset_files())
def test_a_preset_is_a_kind(validator: Draft202012Validator, name: str) -> None:
    """With an address, and anything of its description laid over; and what it describes can be written out."""
    address = {"base_url": "https://api.example.com"}
    over = {"poll": {"min_interval": "5s"}, "read": {"name": "title"}, "list": None, "states": {"paused": "queued"}}
    written_out = {"kind": "http-json", **address, **load_preset(preset_files()[name]).tree}
    for source in ({"kind": name, **address}, {"kind": name, **address, **over}, written_out):
        assert complaints(validator, {"sources": {"one": source}}) == []


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "airflow"},
        {"kind": "airflw", "base_url": "http://x"},
        {"kind": "airflow", "base_url": "http://x", "reed": {}},
        {"kind": "airflow", "base_url": "http://x", "read": {"nam": "title"}},
        {"kind": "airflow", "base_url": "http://x", "states": {"paused": "pausing"}},
        {"kind": "airflow", "base_url": "http://x", "list": {"pages": {"kind": "number", "next": "x"}}},
        {"kind": "http-json", "base_url": "http://x"},
    ],
    ids=str,
)
def test_mistakes_in_a_description_are_seen(validator: Draft202012Validator, source: dict[str, Any]) -> None:
    """In what is laid over a preset too."""
    assert complaints(validator, {"sources": {"one": source}}) != []
