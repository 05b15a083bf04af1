"""Finding one's way among the sections: which fields a place in the tree has."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel

from jobwatchd.settings.registry import KINDS
from jobwatchd.settings.root import Settings
from jobwatchd.values.key_path import KeyPath
from jobwatchd.values.watch_request import WatchRequest

M = TypeVar("M", bound=BaseModel)


def model_at(path: KeyPath, tree: Mapping[str, Any]) -> type[BaseModel] | None:
    """Return the section at `path`; None where there is none, or where its kind is not known."""
    if not path:
        return Settings
    if path[0] in KINDS:
        model = _model_of_kind(str(path[0]), path[1:2], tree)
        return model_within(model, path[2:], members(tree, str(path[0])).get(str(path[1]) if path[1:] else ""))
    if path[0] == "watches":
        return model_within(WatchRequest, path[2:], None) if len(path) > 1 else None
    return model_within(Settings, path, tree)


def model_within(model: type[BaseModel] | None, path: KeyPath, tree: Any) -> type[BaseModel] | None:
    """Return the section at `path` below `model`, of which `tree` are the values; None where there is none."""
    for key in path:
        field = None if model is None else model.model_fields.get(str(key))
        tree = tree.get(key) if isinstance(tree, dict) else None
        model = None if field is None else _choose(list(_models(field.annotation)), tree)
    return model


def kinds_within(model: type[BaseModel] | None, path: KeyPath, tree: Any) -> list[str]:
    """Return the kinds of section that may stand at `path` below `model`."""
    above = model_within(model, path[:-1], tree)
    field = None if above is None or not path else above.model_fields.get(str(path[-1]))
    return [] if field is None else [kind for each in _models(field.annotation) for kind in _kinds(each)]


def members(tree: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    """Return the named members of a section as far as they are there and are mappings; `sources`, `sinks`."""
    found = tree.get(section)
    if not isinstance(found, dict):
        return {}
    return {name: member for name, member in found.items() if isinstance(member, dict)}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections that a field may be: one, or several of different kinds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) not in {dict, tuple, list}:
        for part in get_args(annotation):
            yield from _models(part)


def _choose(models: list[type[BaseModel]], tree: Any) -> type[BaseModel] | None:
    if len(models) == 1:
        return models[0]
    kind = tree.get("kind") if isinstance(tree, dict) else None
    return next((model for model in models if kind in _kinds(model)), None)


def _kinds(model: type[BaseModel]) -> tuple[str, ...]:
    field = model.model_fields.get("kind")
    return () if field is None else get_args(field.annotation)


def _model_of_kind(section: str, name: KeyPath, tree: Mapping[str, Any]) -> type[BaseModel] | None:
    return model_of(KINDS[section], members(tree, section).get(str(name[0]), {})) if name else None


def model_of(kinds: Mapping[str, type[M]], member: Mapping[str, Any]) -> type[M] | None:
    """Return the section of a source or sink by its kind; None for none that is known."""
    kind = member.get("kind")
    return kinds.get(kind) if isinstance(kind, str) else None
