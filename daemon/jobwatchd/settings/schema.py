"""Finding one's way among the sections: what may stand at a place in the tree."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from jobwatchd.kinds.secrets import parts
from jobwatchd.values.section import KeyPath


def type_at(root: Any, path: KeyPath, tree: Any) -> Any:
    """Return the type of what may stand at `path` below `root`, whose values are `tree`; None where nothing may."""
    here = root
    for key in path:
        model = _section_of(here, tree)
        if model is not None:
            field = model.model_fields.get(str(key))
            here = None if field is None else field.annotation
        else:
            here = _type_of_entries(here)
        tree = value_at(tree, (key,))
    return here


def model_at(root: Any, path: KeyPath, tree: Any) -> type[BaseModel] | None:
    """Return the section at `path` below `root`; None where there is none, or where its kind is not known."""
    return _section_of(type_at(root, path, tree), value_at(tree, path))


def sections(root: Any, tree: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, type[BaseModel], dict[str, Any]]]:
    """Yield all sections that are there, each with its path and its values; none of those in lists."""
    if not isinstance(tree, dict):
        return
    model = _section_of(root, tree)
    if model is not None:
        yield path, model, tree
    for key, below in tree.items():
        yield from sections(type_at(root, (key,), tree), below, (*path, key))


def value_at(tree: Any, path: KeyPath) -> Any:
    """Return what stands at a path of keys; None where nothing does."""
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def kinds_of(annotation: Any) -> list[str]:
    """Return the kinds of section that a value of this type may be."""
    fields = [model.model_fields.get("kind") for model in _models(annotation)]
    return [kind for field in fields if field is not None for kind in get_args(field.annotation)]


def members(tree: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    """Return the named members of a section as far as they are there and are mappings; `sources`, `sinks`."""
    found = tree.get(section)
    if not isinstance(found, dict):
        return {}
    return {name: member for name, member in found.items() if isinstance(member, dict)}


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the sections that a value may be: one, or several of different kinds."""
    return [each for each in parts(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]


def _section_of(annotation: Any, tree: Any) -> type[BaseModel] | None:
    models = _models(annotation)
    if len(models) == 1:
        return models[0]
    kind = value_at(tree, ("kind",))
    return next((model for model in models if kind in kinds_of(model)), None)


def _type_of_entries(annotation: Any) -> Any:
    """Return the type of what is in a mapping or a list."""
    entries = {dict: 1, list: 0, tuple: 0}
    found = (each for each in parts(annotation) if get_origin(each) in entries)
    return next((get_args(each)[entries[get_origin(each)]] for each in found), None)
