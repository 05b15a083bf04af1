"""Every preset on answers of its system: recorded, printed in its documentation, or written from that."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobwatchd.description import Description
from jobwatchd.settings import load_settings
from jobwatchd.settings.presets import load_preset
from jobwatchd.settings.registry import preset_files
from jobwatchd.sources.http_json.inspection import Inspection, RecordedAnswer, inspect
from jobwatchd.sources.http_json.reader import Reader
from jobwatchd.sources.http_json.values import id_of

NAMES = list(preset_files())
FIXTURES = {file.stem: yaml.safe_load(file.read_text()) for file in (Path(__file__).parent / "answers").glob("*.yaml")}
CASES = [(name, index) for name, each in sorted(FIXTURES.items()) for index in range(len(each["answers"]))]
TIMES = ("queued_at", "started_at", "finished_at")


def _api(name: str) -> Description:
    tree = load_preset(preset_files()[name]).tree
    return Description.model_validate({key: tree[key] for key in Description.model_fields if key in tree})


def _inspect(name: str, case: dict[str, Any]) -> Inspection:
    answer = RecordedAnswer(case.get("status", 200), json.dumps(case["answer"]).encode())
    return inspect(_api(name), name, answer, datetime.now(UTC))


def _header(name: str) -> str:
    text = preset_files()[name].read_text()
    return "".join(f"{line[1:].removeprefix(' ')}\n" for line in text[: text.index("\ntitle:")].splitlines())


def test_every_preset_has_answers() -> None:
    """No preset ships untried."""
    assert set(FIXTURES) == set(NAMES)


@pytest.mark.parametrize(("name", "index"), CASES)
def test_answers_are_read_as_they_are_meant(name: str, index: int) -> None:
    """State, raw word, times, name, error text and tasks; or what else the answer says."""
    case = FIXTURES[name]["answers"][index]
    wanted, found = dict(case["reads"]), _inspect(name, case)
    if verdict := wanted.pop("verdict", None):
        assert found.error is not None
        assert found.error.reason == verdict
        return
    job = found.observation
    assert job is not None, found.error
    assert job.state == wanted.pop("state")
    assert job.native_state == wanted.pop("native", job.native_state)
    if "tasks" in wanted:
        assert {task.id: task.state for task in job.tasks} == wanted.pop("tasks")
    for key, value in wanted.items():
        shown = job.error if key == "error" else getattr(job.facts, key)
        assert shown == (datetime.fromisoformat(value) if key in TIMES and value else value), key


@pytest.mark.parametrize("name", NAMES)
def test_every_documented_word_is_mapped_or_left_out_on_purpose(name: str) -> None:
    """The map is the list of documented words, each with its meaning, and nothing else."""
    api, fixture = _api(name), FIXTURES[name]
    assert api.states == {word: state for word, state in fixture["words"].items() if state is not None}
    tasks = None if api.read.tasks is None else api.read.tasks.states
    assert (tasks or {}) == fixture.get("task_words", {})


@pytest.mark.parametrize("name", [name for name, each in FIXTURES.items() if "list" in each])
def test_lists_show_the_same_jobs(name: str) -> None:
    """The entries of a list have ids and states."""
    api, case = _api(name), FIXTURES[name]["list"]
    assert api.list is not None
    reader = Reader(api.list.read or api.read, api.states, ignore_case=api.ignore_case)
    [expression] = api.list.id.values()
    items = api.list.items.search(case["answer"])
    assert {id_of(expression.search(item)): reader.read(item, None, None).state for item in items} == case["reads"]


@pytest.mark.parametrize("name", NAMES)
def test_headers_say_what_a_preset_rests_on(name: str) -> None:
    """Version, facts, and what it was tried on."""
    assert load_preset(preset_files()[name]).version
    assert [line for line in ("Version: ", "Facts:   ", "Tried:   ") if f"\n{line}" not in _header(name)] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_example_in_the_header_works(name: str, tmp_path: Path) -> None:
    """What a user copies from it is a configuration, and names a job."""
    example = re.search(
        r"^( +sources:\n.*?)^ +\$ jobwatchd watch add (\S+) (.*?)$", _header(name), re.DOTALL | re.MULTILINE
    )
    assert example is not None
    text = re.sub(r"(_file: )(\S*/)?([^\s/}]+)", r"\1\3", example[1])
    for file in re.findall(r"_file: ([^\s}]+)", text):
        (tmp_path / file).write_text("planted-secret\n")
    config = tmp_path / "jobwatchd.yaml"
    config.write_text(text)
    settings = load_settings(config, {})
    job = dict(pair.split("=", 1) for pair in example[3].split())
    assert settings.reference(example[2], job).source == example[2]
