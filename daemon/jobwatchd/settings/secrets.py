"""Secrets and other files that settings name, put into the tree before it is checked.

A secret comes, the first that is there, from the environment, from the configuration file (inline or `…_file`), from
systemd's `$CREDENTIALS_DIRECTORY`, from `/run/secrets`. In these two folders the file is named after its key:
`sources.graph.password`, `sources.media.api_key`, `sinks.ci.secrets`, `server.tokens`; the last two hold one secret a
line, that of a token after its name, if it has one, and lines that begin with `#` are comments.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from jobwatchd.kinds.http import TlsSettings
from jobwatchd.kinds.secret_file import UnreadableError
from jobwatchd.kinds.secrets import Shape, secret_fields
from jobwatchd.settings.files import Folders, check_pem, read_secret, read_secrets
from jobwatchd.settings.problems import Problems
from jobwatchd.settings.registry import KINDS
from jobwatchd.settings.root import Settings
from jobwatchd.settings.schema import members, model_at, model_within
from jobwatchd.values.key_path import KeyPath, dotted

TLS_FILES = ("ca_file", "cert_file", "key_file")


@dataclass(frozen=True, slots=True)
class _Slot:
    parent: KeyPath
    key: str
    file_key: str | None
    shape: Shape


def resolve_files(tree: dict[str, Any], folders: Folders, problems: Problems) -> set[KeyPath]:
    """Put the content of secret files into the tree; returns the keys that wait for a secret that was not readable."""
    sections = list(_sections(tree))
    slots = [
        _Slot(path, each.key, each.file_key, each.shape) for path, model in sections for each in secret_fields(model)
    ]
    unread = {(*slot.parent, slot.key) for slot in slots if not _resolve(slot, tree, folders, problems)}
    for path, model in sections:
        if issubclass(model, TlsSettings):
            _resolve_tls(path, _section(tree, path), folders, problems)
    return unread


def _sections(tree: Mapping[str, Any]) -> Iterator[tuple[KeyPath, type[BaseModel]]]:
    """Yield all sections of the file, with their paths; a part of the whole may be there without being written."""
    named = [(section, name) for section in KINDS for name in members(tree, section)]
    for path in (*named, *((key,) for key in Settings.model_fields if key not in KINDS)):
        below: Any = tree
        for key in path:
            below = below.get(key, {})
        yield from _sections_below(path, model_at(path, tree), below)


def _sections_below(
    path: KeyPath, model: type[BaseModel] | None, tree: Any
) -> Iterator[tuple[KeyPath, type[BaseModel]]]:
    if model is None or not isinstance(tree, dict):
        return
    yield path, model
    for key, below in tree.items():
        yield from _sections_below((*path, key), model_within(model, (key,), tree), below)


def _resolve(slot: _Slot, tree: dict[str, Any], folders: Folders, problems: Problems) -> bool:
    """Fill one slot; False where there is a file for it that could not be read."""
    section = _section(tree, slot.parent)
    _settle(slot, section, problems)
    if section.get(slot.key) is not None:
        return True
    section.pop(slot.key, None)
    named = None if slot.file_key is None else section.get(slot.file_key)
    try:
        if named is not None:
            return _read_named(slot, section, folders, problems)
        file = folders.find_secret(dotted((*slot.parent, slot.key)))
        if file is not None:
            section[slot.key] = read_secret(file) if slot.shape is Shape.ONE else read_secrets(file)
        if file is not None and slot.file_key is not None:
            section[slot.file_key] = [str(file)] if slot.shape is Shape.FILES else str(file)
    except UnreadableError as exc:
        problems.add((*slot.parent, (named is not None and slot.file_key) or slot.key), str(exc))
        return False
    return True


def _settle(slot: _Slot, section: dict[str, Any], problems: Problems) -> None:
    """Decide between a secret and its file where both are set: the environment wins, else it is a mistake."""
    if slot.file_key is None or section.get(slot.key) is None or section.get(slot.file_key) is None:
        return
    inline, named = (problems.places.variable_of((*slot.parent, key)) for key in (slot.key, slot.file_key))
    if (inline is None) == (named is None):
        problems.add(
            (*slot.parent, slot.key),
            f"both {slot.key} and {slot.file_key} are set; expected one of them",
        )
    section.pop(slot.key if inline is None and named is not None else slot.file_key)


def _read_named(slot: _Slot, section: dict[str, Any], folders: Folders, problems: Problems) -> bool:
    assert slot.file_key is not None  # noqa: S101 - for the type checker
    named = section[slot.file_key]
    names = named if slot.shape is Shape.FILES and isinstance(named, list) else [named]
    path: KeyPath = (*slot.parent, slot.file_key)
    if (slot.shape is Shape.FILES) is not isinstance(named, list) or not all(isinstance(name, str) for name in names):
        problems.add(path, f"expected {'a list of file names' if slot.shape is Shape.FILES else 'a file name'}")
        section.pop(slot.file_key)
        return False
    files = [folders.resolve(name) for name in names]
    section[slot.file_key] = [str(file) for file in files] if slot.shape is Shape.FILES else str(files[0])
    if slot.shape is Shape.ONE:
        section[slot.key] = read_secret(files[0], names[0])
    else:
        section[slot.key] = [
            secret for file, name in zip(files, names, strict=True) for secret in read_secrets(file, name)
        ]
    return True


def _resolve_tls(path: KeyPath, section: dict[str, Any], folders: Folders, problems: Problems) -> None:
    for key in TLS_FILES:
        name = section.get(key)
        if not isinstance(name, str):
            continue
        file = folders.resolve(name)
        section[key] = str(file)
        try:
            check_pem(file, name)
        except UnreadableError as exc:
            problems.add((*path, key), str(exc))


def _section(tree: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    here: dict[str, Any] = tree
    for key in path:
        here = here.setdefault(str(key), {})
    return here
