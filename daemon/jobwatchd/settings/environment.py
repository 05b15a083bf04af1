"""The environment's part of the configuration: `JOBWATCHD_` and a key path in capitals, joined by `__`.

`JOBWATCHD_SOURCES__GRAPH__POLL__MIN_INTERVAL=5s` sets `sources.graph.poll.min_interval`; a hyphen in a name is written
as `_`. Lists and mappings are JSON, `null` unsets. The environment changes sources and sinks of the file; it adds none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_origin

from pydantic import BaseModel

from jobwatchd.settings.document import Document
from jobwatchd.settings.problems import Problem, explain_unknown, is_secretive
from jobwatchd.settings.registry import KINDS
from jobwatchd.settings.schema import members, model_at
from jobwatchd.values.key_path import KeyPath

PREFIX = "JOBWATCHD_"
MOST_SUGGESTED = 3
# Read by the command line, for the file and for talking to a running daemon; no settings of the daemon.
COMMAND_LINE = frozenset({"JOBWATCHD_CONFIG", "JOBWATCHD_URL", "JOBWATCHD_TOKEN", "JOBWATCHD_TOKEN_FILE"})
# Kubernetes gives every container such variables for each Service, and one will be called jobwatchd.
_SERVICE_LINK = re.compile(
    r"JOBWATCHD(?:_[A-Z0-9]+)*_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9]+)*|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?)?)"
)


class _UnknownError(Exception):
    """A variable sets nothing; the text says why."""


def overlay(document: Document, env: Mapping[str, str]) -> dict[KeyPath, str]:
    """Lay the variables over the document's tree, and return which variable set which key.

    What is wrong with a variable is added to the document's problems.
    """
    variables: dict[KeyPath, str] = {}
    for variable in sorted(env):
        if not variable.startswith(PREFIX) or variable in COMMAND_LINE or _SERVICE_LINK.fullmatch(variable):
            continue
        try:
            path = _locate(variable.removeprefix(PREFIX), document.tree)
            value = _read(env[variable], path, document.tree)
        except _UnknownError as exc:
            sentence = f"environment variable {variable}: {exc}{_suggest(variable, document.tree)}"
            document.problems.append(Problem(0, sentence))
            continue
        if _set(document.tree, path, value):
            variables[path] = variable
    return variables


def variable_for(path: KeyPath, tree: Mapping[str, Any]) -> str | None:
    """Return the variable that sets the key at `path`; None where no variable does."""
    variable = PREFIX + "__".join(str(part).upper().replace("-", "_") for part in path)
    try:
        return variable if _locate(variable.removeprefix(PREFIX), tree) == path else None
    except _UnknownError:
        return None


def _suggest(variable: str, tree: Mapping[str, Any]) -> str:
    """Return which variables may have been meant: `_` for `__`, a key without its section, a slip of the finger."""
    known = {_single(each): each for each in (*COMMAND_LINE, *_variables((), tree))}
    name = _single(variable)
    ends = f"_{name.removeprefix(PREFIX)}"
    if variable in known.values():
        return ""
    meant = [name] if name in known else [each for each in known if each.endswith(ends)]
    meant = meant or get_close_matches(name, known, n=1, cutoff=0.8)
    names = " or ".join(known[each] for each in meant[:MOST_SUGGESTED])
    return f"; did you mean {names}?" if names else ""


def _single(variable: str) -> str:
    return re.sub("_+", "_", variable)


def _variables(path: KeyPath, tree: Mapping[str, Any]) -> Iterator[str]:
    """Yield every variable that sets something at or below `path`."""
    model = model_at(path, tree)
    for name in () if model is None else model.model_fields:
        below: KeyPath = (*path, name)
        for each in [(name, member) for member in members(tree, name)] if below[0] in KINDS and not path else [below]:
            if (variable := variable_for(each, tree)) is not None:
                yield variable
            yield from _variables(each, tree)


def _locate(name: str, tree: Mapping[str, Any]) -> KeyPath:
    """Return the key path that a variable names; raises `_UnknownError`."""
    section, _, rest = name.partition("__")
    path: KeyPath = (section.lower(),)
    if section.lower() in KINDS and rest:
        member, rest = _member(section.lower(), rest, tree)
        path = (section.lower(), member)
        if model_at(path, tree) is None:
            raise _UnknownError(f"the kind of {section.lower()}.{member} is not known, nor what it can be told")
    parts = rest.split("__") if rest else []
    keys: KeyPath = (*path, *(part.lower() for part in parts))
    for length in range(2 if path[0] in KINDS else 0, len(keys)):
        model = model_at(keys[:length], tree)
        if model is None or keys[length] not in model.model_fields:
            raise _UnknownError(_refusal(keys, length, model))
    return keys


def _refusal(keys: KeyPath, length: int, model: type[BaseModel] | None) -> str:
    where = ".".join(map(str, keys[:length]))
    if model is None:
        return f"{where} has no keys that the environment can set one by one; expected it whole, as JSON"
    return f"{'.'.join(map(str, keys[: length + 1]))}: {explain_unknown(keys[length], model)}"


def _member(section: str, rest: str, tree: Mapping[str, Any]) -> tuple[str, str]:
    """Return the source or sink that a variable speaks of, and what follows its name; raises `_UnknownError`."""
    found = [
        (name, rest[len(name) :].removeprefix("__"))
        for name in members(tree, section)
        if f"{rest}__".startswith(f"{name.upper().replace('-', '_')}__")
    ]
    longest = max((len(name) for name, _ in found), default=0)
    found = [(name, after) for name, after in found if len(name) == longest]
    names = ", ".join(members(tree, section)) or "none"
    if not found:
        raise _UnknownError(f"it names none of the file's {section}; expected one of: {names}")
    if len(found) > 1:
        raise _UnknownError(f"it could mean {' or '.join(name for name, _ in found)}; expected one of these renamed")
    return found[0]


def _read(text: str, path: KeyPath, tree: Mapping[str, Any]) -> Any:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _UnknownError("its value is not UTF-8; expected text") from None
    model = model_at(path[:-1], tree)
    field = None if model is None else model.model_fields.get(str(path[-1]))
    annotation = None if field is None else field.annotation
    is_section = model_at(path, tree) is not None or (path[0] in KINDS and len(path) == 1)
    if is_section or get_origin(annotation) in {dict, tuple}:
        try:
            return json.loads(text)
        except ValueError:
            raise _UnknownError(
                f"{'.'.join(map(str, path))}: this is not JSON; expected a list or mapping as JSON"
            ) from None
    return None if text == "null" and not is_secretive(path) else text


def _set(tree: dict[str, Any], path: KeyPath, value: Any) -> bool:
    """Put a value into the tree; False where the file has something else than mappings on the way to it."""
    here: Any = tree
    for key in path[:-1]:
        if here.get(key) is None:
            here[key] = {}
        here = here[key]
        if not isinstance(here, dict):
            return False
    here[path[-1]] = value
    return True
