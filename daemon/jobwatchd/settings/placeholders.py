"""Placeholders such as `${USER}`, which are not replaced in the configuration, and would be taken as they stand.

They are refused, with what to write instead. Not looked at is what describes an API, where braces have a meaning.
"""

import re
from collections.abc import Mapping
from typing import Any

from jobwatchd.description import Description
from jobwatchd.settings.environment import Variables
from jobwatchd.settings.problems import Problems
from jobwatchd.settings.refusals import is_secretive
from jobwatchd.settings.registry import KINDS
from jobwatchd.values.key_path import KeyPath

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
    elif isinstance(value, dict):
        for key, below in value.items():
            if not (len(path) == MEMBER and path[0] in KINDS and key in Description.model_fields):
                _suspects(below, (*path, key), found)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            _suspects(below, (*path, index), found)
    return found
