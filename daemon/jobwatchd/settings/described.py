"""A description in a file of one's own: as a preset has it, or as a source in a configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from jobwatchd.description import Description
from jobwatchd.errors import ConfigError
from jobwatchd.settings.document import Document, read_document
from jobwatchd.settings.places import Places
from jobwatchd.settings.preset_files import preset_files
from jobwatchd.settings.presets import PresetFile, apply_presets
from jobwatchd.settings.problems import Problems
from jobwatchd.settings.refusals import add_refusals
from jobwatchd.settings.schema import kinds_within, members, model_within
from jobwatchd.sources.http_json.section import HttpJsonSettings
from jobwatchd.values.key_path import KeyPath

# What a source has besides its description; whether that fits is for `check-config` to say.
_BESIDES = frozenset(HttpJsonSettings.model_fields) - frozenset(PresetFile.model_fields)


class _Alone(BaseModel):
    """A configuration of which only the description of one source counts."""

    model_config = ConfigDict(hide_input_in_errors=True)

    sources: dict[str, PresetFile]


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
    tree = {"title": file.stem, **_described(document.tree)}
    api: Description = _validate(document, PresetFile, tree)
    return api


def _load_source(document: Document, source: str | None) -> Description:
    tree: dict[str, Any] = {"sources": members(document.tree, "sources")}
    apply_presets(tree, preset_files())
    found = {name: each for name, each in tree["sources"].items() if each.get("kind") == "http-json"}
    if source is None and len(found) == 1:
        [source] = found
    if source not in found:
        told = "several sources" if source is None and found else f"no source {source or 'with a description'}"
        names = ", ".join(sorted(found)) or "one of kind http-json, or of a preset's kind"
        raise ConfigError(f"{document.file}: it has {told}; expected --source with {names}")
    tree["sources"] = {source: {"title": source, **_described(found[source])}}
    api: Description = _validate(document, _Alone, tree).sources[source]
    return api


def _described(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tree.items() if key not in _BESIDES}


def _validate(document: Document, model: type[Any], tree: Mapping[str, Any]) -> Any:
    problems = Problems(Places(document.file, document.lines, {}), document.problems)

    def inner(path: KeyPath) -> tuple[type[BaseModel], KeyPath, Any]:
        """Return the model, path and values as below the description."""
        depth = 2 if model is _Alone else 0
        below: Any = tree
        for part in path[:depth]:
            below = below[part]
        return PresetFile, path[depth:], below

    try:
        valid = model.model_validate(tree)
    except ValidationError as exc:
        add_refusals(
            exc,
            tree,
            problems,
            model_at=lambda path: model_within(*inner(path)),
            kinds_at=lambda path: kinds_within(*inner(path)),
        )
        valid = None
    if valid is None or problems.found:
        raise ConfigError(*problems.texts())
    return valid
