"""A watch that the configuration file would refuse is refused by the API, with the same sentence, and the other way."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.web.daemon import Daemon
from jobwatchd.errors import ConfigError
from jobwatchd.settings import load_settings

JOB = {"source": "graph", "job": {"job_id": "1964"}}
UP = {"space_id": "s", "workflow_id": "w", "job_id": "j"}
GOOD: list[dict[str, Any]] = [
    JOB,
    {**JOB, "job": {"job_id": 1964}},
    {**JOB, "job": {"job_id": 2**63 - 1}},
    {"source": "media", "job": UP},
    {"source": "media", "job": {**UP, "job_id": "a/b ü"}},
    {**JOB, "labels": {"team": "graph", "_x.y-z": "ü ", "empty": ""}},
    {**JOB, "labels": {f"l{number}": "x" * 256 for number in range(32)}},
    {**JOB, "deadline": "6h", "initial": "silent"},
    {**JOB, "deadline": " 1.5 m "},
    {**JOB, "min_interval": "100ms", "max_interval": "10m"},
    {**JOB, "min_interval": "10m", "max_interval": "10m"},
    {**JOB, "min_interval": None, "max_interval": None, "deadline": None},
]
BAD: list[dict[str, Any]] = [
    {**JOB, "min_interval": "1ms"},
    {**JOB, "min_interval": "99ms"},
    {**JOB, "min_interval": "11m"},
    {**JOB, "max_interval": "1ms"},
    {**JOB, "max_interval": "1h"},
    {**JOB, "min_interval": "2s", "max_interval": "1s"},
    {**JOB, "min_interval": "0s"},
    {**JOB, "min_interval": 0},
    {**JOB, "min_interval": 5},
    {**JOB, "min_interval": True},
    {**JOB, "min_interval": "5"},
    {**JOB, "min_interval": "-5s"},
    {**JOB, "min_interval": "5S"},
    {**JOB, "min_interval": "\u0665s"},
    {**JOB, "deadline": "0s"},
    {**JOB, "deadline": "6hours"},
    {**JOB, "deadline": "36501d"},
    {**JOB, "deadline": ["6h"]},
    {**JOB, "labels": {"team": "a\u00a0b"}},
    {**JOB, "labels": {"team": "a\u200bb"}},
    {**JOB, "labels": {"team": "a\u202eb"}},
    {**JOB, "labels": {"team": "a\tb"}},
    {**JOB, "labels": {"team": "x" * 257}},
    {**JOB, "labels": {"team": 5}},
    {**JOB, "labels": {"team": None}},
    {**JOB, "labels": {"9": "a"}},
    {**JOB, "labels": {"": "a"}},
    {**JOB, "labels": {"a b": "a"}},
    {**JOB, "labels": {"ü": "a"}},
    {**JOB, "labels": {"x" * 64: "a"}},
    {**JOB, "labels": ["team"]},
    {**JOB, "labels": None},
    {**JOB, "initial": "loud"},
    {**JOB, "initial": None},
    {**JOB, "source": "nobody"},
    {**JOB, "source": ""},
    {**JOB, "source": 5},
    {**JOB, "job": {}},
    {**JOB, "job": {"id": "1"}},
    {**JOB, "job": {"job_id": "1", "more": "2"}},
    {**JOB, "job": {"job_id": "007"}},
    {**JOB, "job": {"job_id": "abc"}},
    {**JOB, "job": {"job_id": -1}},
    {**JOB, "job": {"job_id": 2**63}},
    {**JOB, "job": {"job_id": 1.5}},
    {**JOB, "job": {"job_id": True}},
    {**JOB, "job": {"job_id": None}},
    {**JOB, "job": {"job_id": ["1"]}},
    {**JOB, "job": "1964"},
    {"source": "media", "job": {**UP, "job_id": ""}},
    {"source": "media", "job": {**UP, "job_id": ".."}},
    {"source": "media", "job": {**UP, "job_id": "a\u00a0b"}},
    {"source": "media", "job": {**UP, "job_id": "x" * 513}},
    {"job": {"job_id": "1"}},
    {"source": "graph"},
]
# What the file can say of more than the API, which has no line to show.
TOLD_APART = [{**JOB, "deadlin": "6h"}, {**JOB, "labels": {f"l{number}": "x" for number in range(33)}}]


def _file_says(folder: Path, daemon: Daemon, watch: dict[str, Any]) -> list[str]:
    """Return what is wrong with a watch in the file, without place and key."""
    file = folder / "jobwatchd.yaml"
    file.write_text(json.dumps({"sources": daemon.sources, "watches": [watch]}))
    try:
        load_settings(file, {}, secrets_folder=folder)
    except ConfigError as error:
        return [problem.split(": ", 2)[2] for problem in error.problems]
    return []


async def _api_says(client: httpx.AsyncClient, watch: dict[str, Any]) -> list[str]:
    """Return what the API finds wrong with a watch."""
    answer = await client.post("/v1/watches", json=watch)
    assert answer.status_code in {201, 422}
    return [] if answer.status_code == 201 else [error["detail"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("watch", GOOD)
async def test_what_is_right_passes_both_doors(
    client: httpx.AsyncClient, daemon: Daemon, tmp_path: Path, watch: dict[str, Any]
) -> None:
    """The file and the API take it."""
    assert (_file_says(tmp_path, daemon, watch), await _api_says(client, watch)) == ([], [])


@pytest.mark.parametrize("watch", BAD)
async def test_what_is_wrong_is_refused_at_both_doors_alike(
    client: httpx.AsyncClient, daemon: Daemon, tmp_path: Path, watch: dict[str, Any]
) -> None:
    """The file and the API say the same sentence."""
    [told] = _file_says(tmp_path, daemon, watch)
    assert await _api_says(client, watch) == [told]


@pytest.mark.parametrize("watch", TOLD_APART)
async def test_what_is_wrong_is_refused_at_both_doors(
    client: httpx.AsyncClient, daemon: Daemon, tmp_path: Path, watch: dict[str, Any]
) -> None:
    """The file and the API refuse it, each in its own words."""
    assert _file_says(tmp_path, daemon, watch)
    assert await _api_says(client, watch)
