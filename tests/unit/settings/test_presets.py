"""Sources whose kind is a preset's name."""

from pathlib import Path
from typing import Any

import pytest

from jobwatchd.settings.presets import apply_presets, load_preset

PRESET = """\
title: Lab
parameters: [job_id]
request: {path: "/jobs/{job_id}", headers: {X-Version: "2"}}
auth: {kind: bearer, optional: true}
read: {state: status, name: name}
states: {busy: running, done: succeeded}
poll: {linger: 10m}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the preset `lab`."""
    file = tmp_path / "lab.yaml"
    file.write_text(PRESET)
    return file


def _applied(file: Path, **own: Any) -> dict[str, Any]:
    tree: dict[str, Any] = {"sources": {"x": {"kind": "lab", "base_url": "http://a", **own}, "y": {"kind": "other"}}}
    apply_presets(tree, {"lab": file})
    assert tree["sources"]["y"] == {"kind": "other"}
    source: dict[str, Any] = tree["sources"]["x"]
    return source


def test_a_preset_becomes_a_description(file: Path) -> None:
    """With what the user's source says besides."""
    source = _applied(file, token="abc")
    assert (source["kind"], source["base_url"], source["token"]) == ("http-json", "http://a", "abc")
    assert source["request"] == {"path": "/jobs/{job_id}", "headers": {"X-Version": "2"}}
    assert "title" not in source


def test_mappings_are_merged_and_other_values_replaced(file: Path) -> None:
    """So one more word, or another path, is one line."""
    source = _applied(file, states={"gone": "cancelled", "done": "failed"}, request={"path": "/v3/{job_id}"})
    assert source["states"] == {"busy": "running", "done": "failed", "gone": "cancelled"}
    assert source["request"] == {"path": "/v3/{job_id}", "headers": {"X-Version": "2"}}


def test_null_takes_away(file: Path) -> None:
    """What the preset has and the user does not want."""
    source = _applied(file, read={"name": None}, poll=None)
    assert source["read"] == {"state": "status"}
    assert "poll" not in source


def test_another_kind_replaces_the_whole(file: Path) -> None:
    """Nothing of a bearer fits basic authentication."""
    assert _applied(file, auth={"kind": "basic"})["auth"] == {"kind": "basic"}
    assert _applied(file, auth={"optional": False})["auth"] == {"kind": "bearer", "optional": False}


def test_two_sources_of_one_preset_share_nothing(file: Path) -> None:
    """What is laid over one is not seen by the other."""
    first = _applied(file)
    first["states"]["extra"] = "failed"
    assert "extra" not in _applied(file)["states"]
    assert load_preset(file).title == "Lab"
