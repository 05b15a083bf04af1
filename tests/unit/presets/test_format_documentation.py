"""The documentation of the format names every key of the models, and no other; its worked example works."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from jobwatchd.description.auth import Auth, LoginRequest
from jobwatchd.description.listing import Listing, Pages
from jobwatchd.description.reading import Progress, ProgressScale, Reading, TaskReading, Time, TimeFormat
from jobwatchd.description.request import NotFound, Request, Success, Unauthorized, Unavailable
from jobwatchd.kinds.source import HttpSourceSection
from jobwatchd.settings.presets import PresetFile, load_description
from jobwatchd.settings.registry import preset_files
from jobwatchd.sources.http_json.inspection import RecordedAnswer, inspect
from jobwatchd.sources.http_json.section import HttpJsonSettings

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "http-json.md").read_text()
SECTIONS: dict[str, tuple[type[BaseModel], ...]] = {
    "The description": (PresetFile,),
    "A request": (Request, LoginRequest),
    "Verdicts": (Success, NotFound, Unauthorized, Unavailable),
    "Reading": (Reading,),
    "Times": (Time,),
    "Progress": (Progress,),
    "Tasks": (TaskReading,),
    "Lists": (Listing,),
}
# Several keys may share a row, in its first cell.
ROW = re.compile(r"^\| ((?:`\w+` ?)+)\|(.*)$", re.MULTILINE)


def _section(name: str) -> str:
    found = re.search(rf"^### {re.escape(name)}\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found is not None, name
    return found[1]


def _keys(name: str) -> set[str]:
    return {key for cell, _ in ROW.findall(_section(name)) for key in re.findall(r"`(\w+)`", cell)}


def _fields(*models: type[BaseModel]) -> set[str]:
    return {field for model in models for field in model.model_fields}


@pytest.mark.parametrize("name", SECTIONS)
def test_each_part_has_its_keys(name: str) -> None:
    """A table has the keys of its part, all of them."""
    assert _keys(name) == _fields(*SECTIONS[name])


def test_credentials_have_their_keys() -> None:
    """What a source of this kind has besides what all have, and the description."""
    others = {*HttpSourceSection.model_fields, *PresetFile.model_fields, "kind"}
    assert _keys("Credentials") == _fields(HttpJsonSettings) - others


@pytest.mark.parametrize(("name", "union"), [("Authentication", Auth), ("Pages", Pages)])
def test_each_kind_has_its_keys(name: str, union: object) -> None:
    """A row has the keys of its kind, in its second cell."""
    rows = re.findall(r"^\| `([\w-]+)` \|([^|]*)\|", _section(name), re.MULTILINE)
    told = {kind: set(re.findall(r"`(\w+)[:`]", cell)) for kind, cell in rows if kind != "kind"}
    models = get_args(get_args(union)[0])
    assert told == {get_args(each.model_fields["kind"].annotation)[0]: _fields(each) - {"kind"} for each in models}


def test_closed_sets_of_values_are_told() -> None:
    """Every format of a time, every scale."""
    assert [each for each in TimeFormat if f"`{each}`" not in _section("Times")] == []
    assert [each for each in ProgressScale if f"`{each}`" not in _section("Progress")] == []


def test_the_worked_example_works(tmp_path: Path) -> None:
    """The configuration reads the answer that stands above it, as the table below it shows."""
    config = re.search(r"<!-- test: worked-example -->\n```yaml\n(.*?)```", TEXT, re.DOTALL)
    answer = re.search(r'^(\{"job": .*?\}\})\n```', TEXT, re.DOTALL | re.MULTILINE)
    shown = re.search(r"^running\.json +(.*)$", TEXT, re.MULTILINE)
    assert config and answer and shown  # noqa: PT018 - three pieces of one page
    (tmp_path / "jobwatchd.yaml").write_text(config[1])
    api = load_description(tmp_path / "jobwatchd.yaml")
    job = inspect(
        api, "it", RecordedAnswer(200, json.dumps(json.loads(answer[1])).encode()), datetime.now(UTC)
    ).observation
    assert job is not None
    begun = datetime.fromisoformat("2026-11-23T00:24:35.250000Z")
    facts = job.facts
    assert (job.state, facts.progress, facts.started_at, facts.finished_at) == ("running", 40.5, begun, None)
    assert shown[1].split()[:4] == [job.state, job.native_state, "2026-11-23T00:24:30Z", "2026-11-23T00:24:35.250000Z"]


@pytest.mark.parametrize(
    "snippet", re.findall(r"^```yaml\n(    (?:request|list):.*?)```", TEXT, re.DOTALL | re.MULTILINE)
)
def test_further_examples_are_valid(snippet: str, tmp_path: Path) -> None:
    """Pieces of a description fit into one."""
    whole = "parameters: [project, job_id]\nstates: {DONE: succeeded}\n"
    if "graphql" in snippet:
        whole = whole.replace("project, ", "")
    else:
        whole += 'request: {path: "/{project}/{job_id}"}\nread: {state: status}\n'
    (tmp_path / "mine.yaml").write_text(whole + re.sub(r"^    ", "", snippet, flags=re.MULTILINE))
    assert load_description(tmp_path / "mine.yaml").states


def test_the_readme_lists_every_preset() -> None:
    """A new preset is told where people look first."""
    section = (ROOT / "README.md").read_text().partition("\n## Any other job API\n")[2].partition("\n## ")[0]
    assert [name for name in preset_files() if f"`{name}`" not in section] == []
