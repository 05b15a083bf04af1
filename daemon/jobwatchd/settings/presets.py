"""Descriptions of job APIs in files: those of known ones, the presets, and those that people write themselves.

A preset is named after its kind: `kind: airflow` is `airflow.yaml`. It is a `Description` with a `title` and the
`version` of the API, and may bring its own defaults for `poll` and `max_body`. What the user's source says is laid over
it: mappings are merged key by key, everything else takes the preset's place, and null takes it away. A mapping whose
`kind` is another one replaces the preset's whole.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from jobwatchd.description import Description
from jobwatchd.errors import ConfigError
from jobwatchd.kinds.source import PollSettings
from jobwatchd.settings.document import Document, read_document
from jobwatchd.settings.problems import checked
from jobwatchd.settings.registry import DESCRIBED, DescribedSettings, preset_files
from jobwatchd.settings.schema import members
from jobwatchd.values.units import Size


class PresetFile(Description):
    """What a preset's file may hold."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    version: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    poll: PollSettings | None = None
    max_body: Size | None = None


# What a preset says of itself, which is no part of a source.
_ABOUT = frozenset({"title", "version"})
# What a source has besides its description; whether that fits is for `check-config` to say.
_BESIDES = frozenset(DescribedSettings.model_fields) - frozenset(PresetFile.model_fields)


class _Alone(BaseModel):
    """A configuration of which only the description of one source counts."""

    model_config = ConfigDict(hide_input_in_errors=True)

    sources: dict[str, PresetFile]


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset: what it describes, its `tree` as a source that takes a description has it, the file it is from."""

    name: str
    title: str
    version: str | None
    tree: Mapping[str, Any]
    file: Path


def load_preset(file: Path) -> Preset:
    """Read a preset; raises `ConfigError` with one line for each mistake, which names that file."""
    document = read_document(file)
    preset = checked(PresetFile, document.tree, document.problems)
    return Preset(file.stem, preset.title, preset.version, _without(_ABOUT, document.tree), file)


def load_description(file: Path, source: str | None = None) -> Description:
    """Read the description in `file`, or that of `source` where the file is a configuration.

    Without `source` a configuration has to have one source only that has a description. Raises `ConfigError` with one
    line for each mistake.
    """
    document = read_document(file)
    if "sources" in document.tree:
        return _load_source(document, source)
    if source is not None:
        raise ConfigError(f"{file}: it has no sources, so none is named {source!r}; expected a configuration")
    return checked(PresetFile, {"title": file.stem, **_without(_BESIDES, document.tree)}, document.problems)


def _load_source(document: Document, source: str | None) -> Description:
    tree: dict[str, Any] = {"sources": members(document.tree, "sources")}
    apply_presets(tree, preset_files())
    found = {name: each for name, each in tree["sources"].items() if each.get("kind") == DESCRIBED}
    if source is None and len(found) == 1:
        [source] = found
    if source is None or source not in found:
        told = "several sources" if source is None and found else f"no source {source or 'with a description'}"
        names = ", ".join(sorted(found)) or f"one of kind {DESCRIBED}, or of a preset's kind"
        raise ConfigError(f"{document.problems.file}: it has {told}; expected --source with {names}")
    tree["sources"] = {source: {"title": source, **_without(_BESIDES, found[source])}}
    return checked(_Alone, tree, document.problems).sources[source]


def apply_presets(tree: dict[str, Any], files: Mapping[str, Path]) -> None:
    """Turn sources whose kind is a preset's name into described ones; raises `ConfigError` as `load_preset`."""
    for name, source in members(tree, "sources").items():
        kind = source.get("kind")
        if isinstance(kind, str) and kind in files:
            preset = load_preset(files[kind]).tree
            tree["sources"][name] = {"kind": DESCRIBED, **_merge(preset, _without({"kind"}, source))}


def _without(keys: Collection[str], tree: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tree.items() if key not in keys}


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
