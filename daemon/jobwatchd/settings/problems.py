"""Mistakes in the configuration as sentences: where, which key, what was got, what was expected.

No sentence quotes a value that could be a secret.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from jobwatchd.model.notation import shown
from jobwatchd.redaction import MASK
from jobwatchd.settings.places import Places
from jobwatchd.values.key_path import KeyPath, told

_SECRETIVE = re.compile(
    r"pass|pwd|secret|token|api_?key|credential|auth|header|cookie|private|signature|access_?key", re.IGNORECASE
)
_FEWEST_LETTERS = 3
_WORD = re.compile(r"'([^']*)'")
_EXPECTED = {
    "string": "text; put it in quotes if it looks like something else",
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "bool": "true or false",
    "model": "a mapping (key: value)",
    "dict": "a mapping (key: value)",
    "tuple": "a list",
    "list": "a list",
    "path": "the path of a file",
}
_BOUNDS = {
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
    "string_too_short": "text that is not empty",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
    "too_short": "at least {min_length} entry",
    "too_long": "at most {max_length} entries",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake; `line` is that of the file, for order, 0 where it has none."""

    line: int
    text: str


@dataclass(slots=True)
class Problems:
    """The mistakes found so far."""

    places: Places
    found: list[Problem] = field(default_factory=list)

    def add(self, path: KeyPath, sentence: str) -> None:
        """Keep a mistake in the value of a key."""
        place = self.places.of(path)
        self.found.append(Problem(self.places.line_of(path), f"{place}: {told(path)}: {sentence}"))

    def texts(self) -> tuple[str, ...]:
        """Return all mistakes, in the order of the file."""
        return tuple(dict.fromkeys(problem.text for problem in sorted(self.found, key=lambda problem: problem.line)))


def is_secretive(path: KeyPath) -> bool:
    """Whether a value under this key may be a secret, whatever was meant."""
    return any(isinstance(part, str) and _SECRETIVE.search(part) for part in path)


def explain(error: ErrorDetails, path: KeyPath, *, masked: bool = False) -> str:
    """Return the sentence for what pydantic found wrong with the value at `path`; `masked`, it shows nothing of it."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "missing":
        return "the key is missing"
    expected = next((text for name, text in _EXPECTED.items() if kind.startswith(f"{name}_")), None)
    meant = ""
    if kind in _BOUNDS:
        expected = _BOUNDS[kind].format_map(context)
    known = _WORD.findall(str(context.get("expected", "")))
    meant = _suggest(error["input"], known).replace(",", ";", 1)
    masked = masked or is_secretive(path)
    return f"got {_shown(error['input'], known, masked=masked)}; expected {expected or error['msg']}{meant}"


def explain_kind(kinds: Collection[str], got: object) -> str:
    """Return the sentence for a source or sink whose `kind` is missing or unknown."""
    expected = f"expected one of {', '.join(kinds)}"
    if got is None:
        return f"the key is missing; {expected}"
    return f"got {shown(got, kinds)}{_suggest(got, kinds)}; {expected}"


def explain_unknown(key: object, model: type[BaseModel] | None) -> str:
    """Return the sentence for a key that its section does not know; its value is never told."""
    known = [] if model is None else sorted(model.model_fields)
    return f"unknown key{_suggest(key, known)}; expected one of {', '.join(known)}"


def _suggest(got: object, known: Collection[str]) -> str:
    word = str(got).lower()
    begun = [each for each in known if len(word) >= _FEWEST_LETTERS and each.startswith(word)]
    close = get_close_matches(word, known, n=1) or begun
    return f", did you mean `{close[0]}`?" if close else ""


def _shown(value: Any, known: Collection[str], *, masked: bool) -> str:
    is_plain = value is not None and not isinstance(value, dict | list | tuple)
    return MASK if is_plain and masked else shown(value, known)
