"""Finding one's way among the sections: which fields a place in the tree has."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from jobwatchd.settings.places import KeyPath
from jobwatchd.settings.root import Settings
from jobwatchd.settings.sinks import SINK_KINDS
from jobwatchd.settings.sources import SOURCE_KINDS
from jobwatchd.settings.watches import WatchSettings

KINDS: Mapping[str, Mapping[str, type[BaseModel]]] = {"sources": SOURCE_KINDS, "sinks": SINK_KINDS}


def model_at(path: KeyPath, tree: Mapping[str, Any]) -> type[BaseModel] | None:
    """Return the section at `path`; None where there is none, or where its kind is not known."""
    if not path:
        return Settings
    model: type[BaseModel] | None = Settings
    rest = path
    if path[0] in KINDS:
        model, rest = _model_of_kind(str(path[0]), path[1:2], tree), path[2:]
    elif path[0] == "watches":
        model, rest = (WatchSettings if len(path) > 1 else None), path[2:]
    for key in rest:
        if model is None:
            return None
        field = model.model_fields.get(str(key))
        annotation = None if field is None else field.annotation
        model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    return model


def members(tree: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    """Return the named members of a section as far as they are there and are mappings; `sources`, `sinks`."""
    found = tree.get(section)
    if not isinstance(found, dict):
        return {}
    return {name: member for name, member in found.items() if isinstance(member, dict)}


def _model_of_kind(section: str, name: KeyPath, tree: Mapping[str, Any]) -> type[BaseModel] | None:
    if not name:
        return None
    kind = members(tree, section).get(str(name[0]), {}).get("kind")
    return KINDS[section].get(kind) if isinstance(kind, str) else None
