"""Secrets and other files that settings name, put into the tree before it is checked.

A secret comes, the first that is there, from the environment, from the configuration file (inline or `…_file`), from
systemd's `$CREDENTIALS_DIRECTORY`, from `/run/secrets`. In these two folders the file is named after its key:
`sources.graph.password`, `sources.media.api_key`, `sinks.ci.secrets`, `server.tokens`; the last two hold one secret a
line, that of a token after its name, if it has one, and lines that begin with `#` are comments.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from jobwatchd.settings.files import Folders, UnreadableError, check_pem, read_secret, read_secrets
from jobwatchd.settings.places import KeyPath, dotted
from jobwatchd.settings.problems import Problems
from jobwatchd.settings.schema import members

TLS_FILES = ("ca_file", "cert_file", "key_file")


class _Shape(Enum):
    """What `…_file` names: one secret, a file of one secret a line, or a list of such files."""

    ONE = "one"
    LINES = "lines"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class _Slot:
    parent: KeyPath
    key: str
    file_key: str
    shape: _Shape = _Shape.ONE


def resolve_files(tree: dict[str, Any], folders: Folders, problems: Problems) -> set[KeyPath]:
    """Put the content of secret files into the tree; returns the keys that wait for a secret that was not readable."""
    unread: set[KeyPath] = set()
    for slot in _slots(tree):
        if not _resolve(slot, tree, folders, problems):
            unread.add((*slot.parent, slot.key))
    for section in ("sources", "sinks"):
        for name, member in members(tree, section).items():
            _resolve_tls((section, name, "tls"), member.get("tls"), folders, problems)
    return unread


def _slots(tree: Mapping[str, Any]) -> Iterator[_Slot]:
    for name, source in members(tree, "sources").items():
        match source.get("kind"):
            case "nebula-explorer":
                yield _Slot(("sources", name), "password", "password_file")
            case "telestream-up":
                yield _Slot(("sources", name), "api_key", "api_key_file")
            case "http-json":
                yield from _credentials("sources", name)
    for name, sink in members(tree, "sinks").items():
        if sink.get("kind") == "webhook":
            yield _Slot(("sinks", name), "secrets", "secret_files", _Shape.FILES)
            yield from _credentials("sinks", name)
    if isinstance(tree.get("server", {}), dict):
        yield _Slot(("server",), "tokens", "tokens_file", _Shape.LINES)


def _credentials(section: str, name: str) -> Iterator[_Slot]:
    for key in ("password", "token", "client_secret"):
        yield _Slot((section, name), key, f"{key}_file")


def _resolve(slot: _Slot, tree: dict[str, Any], folders: Folders, problems: Problems) -> bool:
    """Fill one slot; False where there is a file for it that could not be read."""
    section = _section(tree, slot.parent)
    _settle(slot, section, problems)
    if section.get(slot.key) is not None:
        return True
    section.pop(slot.key, None)
    named = section.get(slot.file_key)
    try:
        if named is not None:
            return _read_named(slot, section, folders, problems)
        file = folders.find_secret(dotted((*slot.parent, slot.key)))
        if file is not None:
            section[slot.key] = read_secret(file) if slot.shape is _Shape.ONE else read_secrets(file)
            section[slot.file_key] = [str(file)] if slot.shape is _Shape.FILES else str(file)
    except UnreadableError as exc:
        problems.add((*slot.parent, slot.file_key if named is not None else slot.key), str(exc))
        return False
    return True


def _settle(slot: _Slot, section: dict[str, Any], problems: Problems) -> None:
    """Decide between a secret and its file where both are set: the environment wins, else it is a mistake."""
    if section.get(slot.key) is None or section.get(slot.file_key) is None:
        return
    inline, named = (problems.places.variable_of((*slot.parent, key)) for key in (slot.key, slot.file_key))
    if (inline is None) == (named is None):
        problems.add((*slot.parent, slot.key), f"both {slot.key} and {slot.file_key} are set; expected one of them")
    section.pop(slot.key if inline is None and named is not None else slot.file_key)


def _read_named(slot: _Slot, section: dict[str, Any], folders: Folders, problems: Problems) -> bool:
    named = section[slot.file_key]
    names = named if slot.shape is _Shape.FILES and isinstance(named, list) else [named]
    path: KeyPath = (*slot.parent, slot.file_key)
    if (slot.shape is _Shape.FILES) is not isinstance(named, list) or not all(isinstance(name, str) for name in names):
        problems.add(path, f"expected {'a list of file names' if slot.shape is _Shape.FILES else 'a file name'}")
        section.pop(slot.file_key)
        return False
    files = [folders.resolve(name) for name in names]
    section[slot.file_key] = [str(file) for file in files] if slot.shape is _Shape.FILES else str(files[0])
    if slot.shape is _Shape.ONE:
        section[slot.key] = read_secret(files[0], names[0])
    else:
        section[slot.key] = [
            secret for file, name in zip(files, names, strict=True) for secret in read_secrets(file, name)
        ]
    return True


def _resolve_tls(path: KeyPath, section: object, folders: Folders, problems: Problems) -> None:
    if not isinstance(section, dict):
        return
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
