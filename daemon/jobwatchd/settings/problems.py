"""Mistakes in the configuration as sentences: where, which key, what was got, what was expected.

A place is a line of the file, or an environment variable. No sentence quotes a value that could be a secret.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from jobwatchd.errors import ConfigError
from jobwatchd.kinds.secrets import is_secret, secret_fields
from jobwatchd.model.notation import shown
from jobwatchd.redaction import MASK
from jobwatchd.settings.composer import Composer
from jobwatchd.settings.registry import preset_files
from jobwatchd.settings.schema import kinds_of, model_at, type_at, value_at
from jobwatchd.values.section import KeyPath, dotted, told


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake; `line` is that of the file, for order, 0 where it has none."""

    line: int
    text: str


@dataclass
class Problems:
    """The mistakes found so far in what `file` says, and in what is laid over it; `text` is its content.

    `variables` has the environment variable behind each key that the environment decides. Of keys in `told_already`
    nothing more is said.
    """

    file: Path
    text: str = field(default="", repr=False)
    variables: dict[KeyPath, str] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)
    told_already: set[KeyPath] = field(default_factory=set)

    @cached_property
    def lines(self) -> Mapping[KeyPath, int]:
        """The line of each key path; found when the first is asked for, which is when there is something to tell."""
        lines: dict[KeyPath, int] = {}
        Composer(self.text, lambda _path, _line, _sentence: None, lines).compose()
        return lines

    def add(self, path: KeyPath, sentence: str) -> None:
        """Keep a mistake in the value of a key."""
        line = next((self.lines[part] for part in _upwards(path) if part in self.lines), 0)
        variable = next((self.variables[part] for part in _upwards(path) if part in self.variables), None)
        place = f"environment variable {variable}" if variable else f"{self.file}:{line}" if line else str(self.file)
        self.found.append(Problem(line, f"{place}: {told(path)}: {sentence}"))

    def refuse(self) -> None:
        """Raise `ConfigError` with all mistakes, in the order of the file, if there are any."""
        if self.found:
            texts = [problem.text for problem in sorted(self.found, key=lambda problem: problem.line)]
            raise ConfigError(*dict.fromkeys(texts))


def _upwards(path: KeyPath) -> Iterator[KeyPath]:
    """Yield a path, and those of what it is in."""
    return (path[:length] for length in range(len(path), 0, -1))


M = TypeVar("M", bound=BaseModel)
PREFIX = "JOBWATCHD_"
SECRETS_FOLDER = Path("/run/secrets")
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


def checked(model: type[M], tree: Mapping[str, Any], problems: Problems) -> M:
    """Return the section that a tree is; raises `ConfigError` with every mistake in it, and those found before."""
    valid = None
    try:
        valid = model.model_validate(tree)
    except ValidationError as exc:
        add_refusals(exc, model, tree, problems)
    problems.refuse()
    assert valid is not None  # noqa: S101 - for the type checker: what is refused was raised
    return valid


def add_refusals(refused: ValidationError, root: type[BaseModel], tree: Mapping[str, Any], problems: Problems) -> None:
    """Add everything that was refused in `tree`, the values of `root`, but where something was told already."""
    for error in refused.errors(include_url=False):
        path = _key_path(error["loc"], tree)
        if path not in problems.told_already:
            problems.add(*_explain(error, path, root, tree))


def is_secretive(path: KeyPath) -> bool:
    """Whether a value under this key may be a secret, whatever was meant."""
    return any(isinstance(part, str) and _SECRETIVE.search(part) for part in path)


def explain_unknown(key: object, model: type[BaseModel] | None) -> str:
    """Return the sentence for a key that its section does not know; its value is never told."""
    known = [] if model is None else sorted(model.model_fields)
    return f"unknown key{_suggest(key, known)}; expected one of {', '.join(known)}"


def variable_name(path: KeyPath) -> str:
    """Return what a variable is called that sets the key at `path`, if one does."""
    return PREFIX + "__".join(str(part).upper().replace("-", "_") for part in path)


def _key_path(location: tuple[int | str, ...], tree: Mapping[str, Any]) -> KeyPath:
    """Return pydantic's location as a path in the file.

    Without its marks for keys and for the kinds of unions, and without what a short form stands for: where the file has
    a plain value, there is nothing below it.
    """
    path: list[int | str] = []
    here: Any = tree
    for part in location:
        if part in {"[key]", ""} or (isinstance(here, dict) and part not in here and here.get("kind") == part):
            continue
        if isinstance(here, str | int | float):
            break
        path.append(part)
        if isinstance(here, dict):
            here = here.get(part)
        else:
            here = here[part] if isinstance(here, list) and isinstance(part, int) and part < len(here) else None
    return tuple(path)


def _explain(error: ErrorDetails, path: KeyPath, root: type[BaseModel], tree: Mapping[str, Any]) -> tuple[KeyPath, str]:
    """Return the key at which a mistake is to be mended, and the sentence for it."""
    kind, context, above = error["type"], error.get("ctx", {}), path[:-1]
    match kind:
        case "union_tag_not_found" | "union_tag_invalid":
            kinds = [*kinds_of(type_at(root, path, tree)), *(preset_files() if above == ("sources",) else ())]
            return (*path, "kind"), _explain_kind(kinds, value_at(tree, (*path, "kind")))
        case "extra_forbidden":
            is_member = not above and isinstance(error["input"], dict) and "kind" in error["input"]
            hint = "; a source stands under `sources:`, a sink under `sinks:`, each two blanks further to the right"
            return path, explain_unknown(path[-1], model_at(root, above, tree)) + (hint if is_member else "")
        case "missing":
            return path, _explain_missing(path, model_at(root, above, tree))
        case "value_error":
            return path, str(context["error"])
    known = _WORD.findall(str(context.get("expected", "")))
    expected = next((text for name, text in _EXPECTED.items() if kind.startswith(f"{name}_")), error["msg"])
    if kind in _BOUNDS:
        expected = _BOUNDS[kind].format_map(context)
    is_plain = error["input"] is not None and not isinstance(error["input"], dict | list | tuple)
    masked = is_plain and (is_secretive(path) or is_secret(type_at(root, path, tree)))
    got = MASK if masked else shown(error["input"], known)
    return path, f"got {got}; expected {expected}{_suggest(error['input'], known).replace(',', ';', 1)}"


def _explain_kind(kinds: Collection[str], got: object) -> str:
    """Return the sentence for a source or sink whose `kind` is missing or unknown."""
    expected = f"expected one of {', '.join(kinds)}"
    if got is None:
        return f"the key is missing; {expected}"
    return f"got {shown(got, kinds)}{_suggest(got, kinds)}; {expected}"


def _explain_missing(path: KeyPath, model: type[BaseModel] | None) -> str:
    secret = next((each for each in secret_fields(model) if each.key == path[-1]), None) if model is not None else None
    if secret is None:
        return "the key is missing"
    return (
        f"the secret is missing; expected {f'{secret.file_key}, ' if secret.file_key else ''}"
        f"the environment variable {variable_name(path)}, "
        f"or a file {dotted(path)} in $CREDENTIALS_DIRECTORY or {SECRETS_FOLDER}"
    )


def _suggest(got: object, known: Collection[str]) -> str:
    word = str(got).lower()
    begun = [each for each in known if len(word) >= _FEWEST_LETTERS and each.startswith(word)]
    close = get_close_matches(word, known, n=1) or begun
    return f", did you mean `{close[0]}`?" if close else ""
