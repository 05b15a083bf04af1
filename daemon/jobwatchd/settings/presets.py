"""Descriptions of known job APIs, each a YAML file named after its kind: `kind: airflow` is `airflow.yaml`.

A preset is a `Description` with a `title` and the `version` of the API, and may bring its own defaults for `poll` and
`max_body`. What the user's source says is laid over it: mappings are merged key by key, everything else takes the
preset's place, and null takes it away. A mapping whose `kind` is another one replaces the preset's whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import StringConstraints, ValidationError

from jobwatchd.description import Description
from jobwatchd.errors import ConfigError
from jobwatchd.kinds.poll import PollSettings
from jobwatchd.settings.document import read_document
from jobwatchd.settings.places import Places
from jobwatchd.settings.problems import Problems
from jobwatchd.settings.refusals import add_refusals
from jobwatchd.settings.schema import kinds_within, members, model_within
from jobwatchd.values.key_path import KeyPath
from jobwatchd.values.units import Size

# What a preset says of itself, which is no part of a source.
_ABOUT = frozenset({"title", "version"})


class PresetFile(Description):
    """What a preset's file may hold."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    version: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    poll: PollSettings | None = None
    max_body: Size | None = None


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset: what it describes, its `tree` as a source of kind http-json has it, the file it is from."""

    name: str
    title: str
    version: str | None
    tree: Mapping[str, Any]
    file: Path


def load_preset(file: Path) -> Preset:
    """Read a preset; raises `ConfigError` with one line for each mistake, which names that file."""
    document = read_document(file)
    tree = document.tree
    problems = Problems(Places(file, document.lines, {}), document.problems)
    preset = None
    try:
        preset = PresetFile.model_validate(tree)
    except ValidationError as exc:

        def model_at(path: KeyPath) -> Any:
            return model_within(PresetFile, path, tree)

        def kinds_at(path: KeyPath) -> list[str]:
            return kinds_within(PresetFile, path, tree)

        add_refusals(exc, tree, problems, model_at=model_at, kinds_at=kinds_at)
    if preset is None or problems.found:
        raise ConfigError(*problems.texts())
    api = {key: value for key, value in tree.items() if key not in _ABOUT}
    return Preset(file.stem, preset.title, preset.version, api, file)


def apply_presets(tree: dict[str, Any], files: Mapping[str, Path]) -> None:
    """Turn sources whose kind is a preset's name into ones of kind http-json; raises `ConfigError` as `load_preset`."""
    for name, source in members(tree, "sources").items():
        kind = source.get("kind")
        if isinstance(kind, str) and kind in files:
            own = {key: value for key, value in source.items() if key != "kind"}
            tree["sources"][name] = {"kind": "http-json", **_merge(load_preset(files[kind]).tree, own)}


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = base.get(key)
        if value is None:
            merged.pop(key, None)
        elif (
            isinstance(value, dict)
            and isinstance(below, dict)
            and value.get("kind", below.get("kind")) == below.get("kind")
        ):
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged
