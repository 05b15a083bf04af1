"""The configuration's JSON Schema: what editors are told is what the daemon takes."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from pydantic import BaseModel, BeforeValidator, PlainValidator

from jobwatchd.cli import cli
from jobwatchd.settings.document import read_document
from jobwatchd.settings.json_schema import Generator, config_schema
from jobwatchd.values.section import KeyPath
from unit.settings.schema_judge import GRAPH, PASSWORD, complaints, is_taken

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config/jobwatchd.example.yaml"
SHIPPED = [
    EXAMPLE,
    ROOT / "config/demo.yaml",
    *ROOT.glob("deploy/**/jobwatchd.yaml"),
    *ROOT.glob("systemd/*.yaml"),
]


def mappings(tree: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the place of each mapping in a tree."""
    if isinstance(tree, dict):
        yield path
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from mappings(value, (*path, key))


def at(tree: Any, path: KeyPath) -> Any:
    """Return what is at a place."""
    for key in path:
        tree = tree[key]
    return tree


def test_it_is_a_schema() -> None:
    """Of the draft that it names."""
    Draft202012Validator.check_schema(config_schema())
    assert config_schema()["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_it_is_printed() -> None:
    """`jobwatchd config-schema` prints it whole."""
    assert json.loads(CliRunner().invoke(cli, ["config-schema"]).stdout) == config_schema()


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_is_shipped_is_taken(validator: Draft202012Validator, file: Path) -> None:
    """Each configuration of this repository, the annotated example with every key among them."""
    assert complaints(validator, read_document(file).tree) == []


def test_the_example_names_the_schema() -> None:
    """So that an editor finds it beside a copy."""
    assert EXAMPLE.read_text().startswith("# yaml-language-server: $schema=jobwatchd.schema.json\n")


@pytest.mark.parametrize("path", [*mappings(read_document(EXAMPLE).tree)], ids=str)
def test_a_mistyped_key_is_refused_where_the_daemon_refuses_it(
    validator: Draft202012Validator, path: KeyPath, tmp_path: Path
) -> None:
    """Everywhere but where people choose the keys; what names a job there is only known to its source."""
    tree = deepcopy(read_document(EXAMPLE).tree)
    at(tree, path)["mistyped"] = "x"
    assert (complaints(validator, tree) == []) == (path[-1:] == ("job",) or is_taken(tree, tmp_path))


def leaves(tree: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the place of each value that has nothing below it."""
    if isinstance(tree, dict | list) and tree:
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, (*path, key))
    else:
        yield path


@pytest.mark.parametrize("path", [*leaves(read_document(EXAMPLE).tree)], ids=str)
def test_a_value_of_wrong_shape_is_refused_where_the_daemon_refuses_it(
    validator: Draft202012Validator, path: KeyPath, tmp_path: Path
) -> None:
    """A mapping in the place of each value of the example."""
    tree = deepcopy(read_document(EXAMPLE).tree)
    at(tree, path[:-1])[path[-1]] = {"a": "mapping"}
    assert (complaints(validator, tree) == []) == is_taken(tree, tmp_path)


@pytest.mark.parametrize("file", ["README.md", "docs/configuration.md", "docs/http-json.md"])
def test_the_documentations_configurations_are_taken(
    validator: Draft202012Validator, tmp_path: Path, file: str
) -> None:
    """Each that has sources."""
    blocks = re.findall(r"(?ms)^```yaml\n(sources:.*?)^```$", (ROOT / file).read_text())
    assert blocks
    for block in blocks:
        (written := tmp_path / "jobwatchd.yaml").write_text(block)
        assert complaints(validator, read_document(written).tree) == []


def test_a_section_of_which_all_is_commented_out_is_none(validator: Draft202012Validator) -> None:
    """As the daemon has it."""
    nothing = dict.fromkeys(["sinks", "watches", "store", "server", "log", "shutdown"])
    assert complaints(validator, {"sources": {"graph": GRAPH}, **nothing}) == []


def test_defaults_are_shown_as_they_are_written(validator: Draft202012Validator) -> None:
    """Whoever takes what the editor offers has written what is in force anyway."""
    sections = config_schema()["$defs"]
    assert sections["PollSettings"]["properties"]["min_interval"]["default"] == "2s"
    assert sections["TelestreamUpSettings"]["properties"]["max_body"]["default"] == "1MiB"
    wrong = [
        f"{name}.{key}"
        for name, section in sections.items()
        for key, value in section.get("properties", {}).items()
        if "default" in value and not validator.evolve(schema={**value, "$defs": sections}).is_valid(value["default"])
    ]
    assert wrong == []


def test_the_configuration_may_name_its_schema(validator: Draft202012Validator, tmp_path: Path) -> None:
    """An editor looks for it there, the daemon passes over it."""
    tree = {"$schema": "./jobwatchd.schema.json", "sources": {"graph": {**GRAPH, **PASSWORD}}}
    assert complaints(validator, tree) == []
    assert is_taken(tree, tmp_path)


def test_a_value_of_which_nothing_is_told_may_be_anything() -> None:
    """An editor that complains of what is right is worse than one that says nothing."""

    def read(value: object) -> float:
        return float(len(str(value)))

    class Section(BaseModel):
        plain: Annotated[float, PlainValidator(read)]
        before: Annotated[float, BeforeValidator(read)]

    schema = Section.model_json_schema(schema_generator=Generator)
    assert schema["properties"] == {"plain": {}, "before": {}}
