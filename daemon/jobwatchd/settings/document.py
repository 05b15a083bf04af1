"""The configuration file as a tree of plain values that knows the line of each key.

YAML as people expect it: `no` and `on` are text, `0123` and `1:30` are text, dates are text; tags that would make
other things of a value, merge keys and keys given twice are refused.
"""

import json
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from jobwatchd.errors import ConfigError
from jobwatchd.settings.composer import MAX_DEPTH, Composer, TooDeepError
from jobwatchd.settings.problems import Problem, Problems
from jobwatchd.values.section import KeyPath, told

MAX_FILE_SIZE = 64 * 1_048_576
_REMEDY = "a value that begins with one of * & ! % @ ` or holds ': ' wants quotes"
_REMEDIES = {
    "mapping values are not allowed": (
        "is the line indented as the one above it, with a blank after each colon? A value that holds ': ' wants quotes"
    ),
    "could not find expected ':'": "expected `key: value`, with a blank after the colon, here or in the lines above",
    "did not find expected key": f"is the line indented as its neighbours? {_REMEDY[0].upper()}{_REMEDY[1:]}",
    "another document": "expected one document; a line `---` begins another",
}
# Characters that YAML refuses, and escapes, which may stand for such.
_ODD = re.compile(r"[\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]|\\u")
_QUOTED = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"")


@dataclass(slots=True)
class Document:
    """A file's `tree`, and the mistakes in it; at first, what is wrong with its YAML beyond syntax."""

    problems: Problems
    tree: dict[str, Any] = field(default_factory=dict)


def read_document(file: Path) -> Document:
    """Read a configuration file; raises `ConfigError` where it cannot be read at all, is no YAML, or is no mapping."""
    text = _read_text(file)
    problems = Problems(file, text)

    def complain(path: KeyPath, line: int, sentence: str) -> None:
        where = f"{file}:{line}: {told(path)}" if path else f"{file}:{line}"
        problems.found.append(Problem(line, f"{where}: {sentence}"))

    line = 1
    try:
        tree = json_tree(text)
        if tree is None:
            tree, line = Composer(text, complain).compose()
    except TooDeepError as exc:
        raise ConfigError(f"{file}:{exc.line}: {exc}; expected a configuration") from None
    except yaml.MarkedYAMLError as exc:
        raise ConfigError(_strange_indent(file, text, exc) or f"{file}{_position(exc)}: {_explain(exc)}") from None
    except yaml.YAMLError as exc:
        position = getattr(exc, "position", None)
        place = "" if not isinstance(position, int) else f":{text.count(chr(10), 0, position) + 1}"
        raise ConfigError(f"{file}{place}: this is not YAML; expected text without control characters") from None
    if tree is None and not problems.found:
        raise ConfigError(f"{file}: the file is empty; expected at least sources")
    if not isinstance(tree, dict):
        raise ConfigError(f"{file}:{line}: expected a mapping (key: value) of sources, sinks, watches")
    # It names a JSON Schema for editors, and is for them alone.
    tree.pop("$schema", None)
    return Document(problems, tree)


def json_tree(text: str) -> dict[str, Any] | None:
    """Return the tree of a configuration that is JSON; None for any other, and where JSON and YAML could differ.

    JSON is YAML too, but a program that writes very many watches writes JSON, which takes a fifth of the time to read.
    """
    if not text.startswith("{") or _ODD.search(text):
        return None
    try:
        tree: dict[str, Any] = json.loads(text, object_pairs_hook=_mapping, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    level: list[Any] = [tree]
    for _ in range(MAX_DEPTH):
        level = [below for each in level for below in (each.values() if type(each) is dict else each)]
        level = [each for each in level if type(each) in (dict, list)]
        if not level:
            return tree
    return None


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        raise ValueError("a key is given twice")
    return tree


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _read_text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_FILE_SIZE + 1)
    except IsADirectoryError as exc:
        inside = file / "jobwatchd.yaml"
        hint = f"did you mean {inside}?" if inside.is_file() else "expected a file"
        raise ConfigError(f"{file}: the configuration file cannot be read: {exc.strerror}; {hint}") from None
    except OSError as exc:
        raise ConfigError(f"{file}: the configuration file cannot be read: {exc.strerror}") from None
    if len(raw) > MAX_FILE_SIZE:
        raise ConfigError(f"{file}: the configuration file is larger than {MAX_FILE_SIZE} bytes")
    if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in raw[:2]:
        raise ConfigError(f"{file}: the file is UTF-16; save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise ConfigError(f"{file}:{line}: byte {exc.start} is not UTF-8; expected a UTF-8 text file") from None


def _position(exc: yaml.MarkedYAMLError) -> str:
    mark = exc.problem_mark or exc.context_mark
    return "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"


def _explain(exc: yaml.MarkedYAMLError) -> str:
    """Return what YAML does not like, without words of the file: one of them may be a secret."""
    problem = exc.problem or "it cannot be parsed"
    if "alias" in problem:
        problem = "an alias (*) without its anchor (&)"
    remedy = next((remedy for words, remedy in _REMEDIES.items() if words in problem), _REMEDY)
    return f"this is not YAML: {_QUOTED.sub('…', problem)}; {remedy}"


def _strange_indent(file: Path, text: str, exc: yaml.MarkedYAMLError) -> str | None:
    """Return whether the line that is no YAML, or the one before it, is indented with something else than blanks."""
    last = 0 if exc.problem_mark is None else exc.problem_mark.line + 1
    for number, line in list(enumerate(text.split("\n"), start=1))[max(0, last - 2) : last]:
        for letter in line[: len(line) - len(line.lstrip())]:
            if letter != " ":
                what = "a tab" if letter == "\t" else f"a strange blank (U+{ord(letter):04X})"
                return f"{file}:{number}: this is not YAML: the line is indented with {what}; expected blanks"
    return None
