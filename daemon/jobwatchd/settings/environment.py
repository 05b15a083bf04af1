"""The environment's part of the configuration: `JOBWATCHD_` and a key path in capitals, joined by `__`.

`JOBWATCHD_SOURCES__GRAPH__POLL__MIN_INTERVAL=5s` sets `sources.graph.poll.min_interval`; a hyphen in a name is written
as `_`. Lists and mappings are JSON, `null` unsets. The environment changes sources and sinks of the file; it adds none.

Placeholders such as `${USER}`, which are not replaced in the file and would be taken as they stand, are refused there,
with the variable to set instead.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_origin

from pydantic import BaseModel

from jobwatchd.description import Description
from jobwatchd.settings.problems import PREFIX, Problems, explain_unknown, is_secretive, variable_name
from jobwatchd.settings.registry import KINDS
from jobwatchd.settings.schema import members, model_at, type_at
from jobwatchd.values.section import KeyPath, dotted

MOST_SUGGESTED = 3
# Read by the command line, for the file and for talking to a running daemon; no settings of the daemon.
COMMAND_LINE = frozenset({"JOBWATCHD_CONFIG", "JOBWATCHD_URL", "JOBWATCHD_TOKEN", "JOBWATCHD_TOKEN_FILE"})
# Kubernetes gives every container such variables for each Service, and one will be called jobwatchd.
_SERVICE_LINK = re.compile(
    r"JOBWATCHD(?:_[A-Z0-9]+)*_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9]+)*|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?)?)"
)


class UnknownVariableError(Exception):
    """A variable sets nothing; the text says why."""


def variables_in(env: Iterable[str]) -> list[str]:
    """Return those that are meant for the configuration; what a mapping holds comes before what is in it."""
    ours = (each for each in env if each.startswith(PREFIX) and each not in COMMAND_LINE)
    return sorted(each for each in ours if not _SERVICE_LINK.fullmatch(each))


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables that there may be for a tree of values, which are those of the section `root`."""

    root: type[BaseModel]
    tree: Mapping[str, Any]

    def read(self, variable: str, text: str) -> tuple[KeyPath, Any]:
        """Return the path of the key that a variable sets, and its value; raises `UnknownVariableError`."""
        path = self._locate(variable)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UnknownVariableError("its value is not UTF-8; expected text") from None
        annotation = type_at(self.root, path, self.tree)
        if get_origin(annotation) in {dict, tuple} or model_at(self.root, path, self.tree) is not None:
            try:
                return path, json.loads(text)
            except ValueError:
                says = f"{dotted(path)}: this is not JSON; expected a list or mapping as JSON"
                raise UnknownVariableError(says) from None
        return path, None if text == "null" and not is_secretive(path) else text

    def name(self, path: KeyPath) -> str | None:
        """Return the variable that sets the key at `path`; None where no variable does."""
        variable = variable_name(path)
        try:
            return variable if self._locate(variable) == path else None
        except UnknownVariableError:
            return None

    def suggest(self, variable: str) -> str:
        """Return which variables may have been meant: `_` for `__`, a key without its section, a slip of the finger."""
        known = {_single(each): each for each in (*COMMAND_LINE, *self._below(()))}
        name = _single(variable)
        ends = f"_{name.removeprefix(PREFIX)}"
        if variable in known.values():
            return ""
        meant = [name] if name in known else [each for each in known if each.endswith(ends)]
        meant = meant or get_close_matches(name, known, n=1, cutoff=0.8)
        names = " or ".join(known[each] for each in meant[:MOST_SUGGESTED])
        return f"; did you mean {names}?" if names else ""

    def _below(self, path: KeyPath) -> Iterator[str]:
        """Yield every variable that sets something at or below `path`."""
        model = model_at(self.root, path, self.tree)
        for name in () if model is None else model.model_fields:
            below: KeyPath = (*path, name)
            for each in (
                [(name, member) for member in members(self.tree, name)] if name in KINDS and not path else [below]
            ):
                if (variable := self.name(each)) is not None:
                    yield variable
                yield from self._below(each)

    def _locate(self, variable: str) -> KeyPath:
        """Return the key path that a variable names; raises `UnknownVariableError`."""
        section, _, rest = variable.removeprefix(PREFIX).partition("__")
        path: KeyPath = (section.lower(),)
        if section.lower() in KINDS and rest:
            member, rest = self._member(section.lower(), rest)
            path = (section.lower(), member)
            if model_at(self.root, path, self.tree) is None:
                raise UnknownVariableError(f"the kind of {dotted(path)} is not known, nor what it can be told")
        keys: KeyPath = (*path, *(part.lower() for part in (rest.split("__") if rest else ())))
        for length in range(2 if path[0] in KINDS else 0, len(keys)):
            where, model = keys[:length], model_at(self.root, keys[:length], self.tree)
            if model is None:
                says = "has no keys that the environment can set one by one; expected it whole, as JSON"
                raise UnknownVariableError(f"{dotted(where)} {says}")
            if keys[length] not in model.model_fields:
                raise UnknownVariableError(f"{dotted((*where, keys[length]))}: {explain_unknown(keys[length], model)}")
        return keys

    def _member(self, section: str, rest: str) -> tuple[str, str]:
        """Return the source or sink that a variable speaks of, and what follows its name."""
        found = [
            (name, rest[len(name) :].removeprefix("__"))
            for name in members(self.tree, section)
            if f"{rest}__".startswith(f"{name.upper().replace('-', '_')}__")
        ]
        longest = max((len(name) for name, _ in found), default=0)
        found = [(name, after) for name, after in found if len(name) == longest]
        names = ", ".join(members(self.tree, section)) or "none"
        if not found:
            raise UnknownVariableError(f"it names none of the file's {section}; expected one of: {names}")
        if len(found) > 1:
            says = f"it could mean {' or '.join(name for name, _ in found)}; expected one of these renamed"
            raise UnknownVariableError(says)
        return found[0]


def _single(variable: str) -> str:
    return re.sub("_+", "_", variable)


_PLACEHOLDER = re.compile(r"\$\{[A-Za-z_]\w*(?::?[-=?+][^}]*)?\}")
_WORD = re.compile(r"\$[A-Z_][A-Z0-9_]*|%[A-Z_][A-Z0-9_]*%", re.ASCII)
MEMBER = 2


def refuse_placeholders(tree: Mapping[str, Any], variables: Variables, problems: Problems) -> None:
    """Add each value of the file that is, or holds, a placeholder to the problems.

    A secret may well have a dollar sign in it: it is refused only where it is nothing else than a placeholder.
    """
    for path, text in _suspects(tree, (), []):
        secretive = is_secretive(path) and "headers" not in path
        if _PLACEHOLDER.fullmatch(text) if secretive else _PLACEHOLDER.search(text) or _WORD.fullmatch(text):
            variable = variables.name(path)
            instead = f", or set the environment variable {variable} instead of it" if variable else ""
            says = "${NAME}, $NAME and %NAME% are not replaced in this file; write the value itself"
            problems.add(path, f"{says}{instead}")
            problems.told_already.add(path)


def _suspects(value: Any, path: KeyPath, found: list[tuple[KeyPath, str]]) -> list[tuple[KeyPath, str]]:
    """Return `found`, and the texts that may hold a placeholder behind it; no generator, for there may be very many."""
    if isinstance(value, str):
        if "$" in value or "%" in value:
            found.append((path, value))
    elif isinstance(value, dict | list):
        is_member = len(path) == MEMBER and path[0] in KINDS
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            # A call and a path for each short text would take longer than all the rest.
            if isinstance(below, str) and "$" not in below and "%" not in below:
                continue
            if not (is_member and key in Description.model_fields):
                _suspects(below, (*path, key), found)
    return found
