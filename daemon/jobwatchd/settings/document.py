"""The configuration file as a tree of plain values that knows the line of each key.

YAML as people expect it: `no` and `on` are text, `0123` and `1:30` are text, dates are text; tags that would make
other things of a value, merge keys and keys given twice are refused.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from jobwatchd.errors import ConfigError
from jobwatchd.settings.places import KeyPath, dotted
from jobwatchd.settings.problems import Problem

MAX_FILE_SIZE = 64 * 1_048_576
MAX_DEPTH = 32
_TAG = "tag:yaml.org,2002:"
_REMEDY = "a value that begins with one of * & ! % @ ` or holds ': ' wants quotes"
_REMEDIES = {
    "mapping values are not allowed": (
        "is the line indented as the one above it, with a blank after each colon? A value that holds ': ' wants quotes"
    ),
    "could not find expected ':'": "expected `key: value`, with a blank after the colon, here or in the lines above",
    "did not find expected key": f"is the line indented as its neighbours? {_REMEDY[0].upper()}{_REMEDY[1:]}",
    "another document": "expected one document; a line `---` begins another",
}
_QUOTED = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # a base chosen at run time
    """Composes nodes; which plain scalars are more than text is said below, after YAML 1.2's core schema."""

    yaml_implicit_resolvers: ClassVar[dict[str | None, list[tuple[str, re.Pattern[str]]]]] = {}


_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"(?:null|Null|NULL|~|)\Z"), ["n", "N", "~", ""])
_Loader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF"))
_Loader.add_implicit_resolver(f"{_TAG}int", re.compile(r"-?(?:0|[1-9][0-9]*)\Z"), list("-0123456789"))
_Loader.add_implicit_resolver(
    f"{_TAG}float", re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z"), list("-0123456789")
)


@dataclass(slots=True)
class Document:
    """A file's `tree`, the line of each key path, and what is wrong with its YAML beyond syntax."""

    file: Path
    tree: dict[str, Any] = field(default_factory=dict)
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_document(file: Path) -> Document:
    """Read a configuration file; raises `ConfigError` where it cannot be read at all, is no YAML, or is no mapping."""
    text = _read_text(file)
    try:
        _check_depth(file, text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as exc:
        raise ConfigError(_strange_indent(file, text, exc) or f"{file}{_position(exc)}: {_explain(exc)}") from None
    except yaml.YAMLError as exc:
        position = getattr(exc, "position", None)
        line = "" if not isinstance(position, int) else f":{text.count(chr(10), 0, position) + 1}"
        raise ConfigError(f"{file}{line}: this is not YAML; expected text without control characters") from None
    if root is None or root.tag == f"{_TAG}null":
        raise ConfigError(f"{file}: the file is empty; expected at least sources")
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(
            f"{file}:{root.start_mark.line + 1}: expected a mapping (key: value) of sources, sinks, watches"
        )
    document = Document(file)
    document.tree = _mapping(document, root, (), ())
    return document


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


def _check_depth(file: Path, text: str) -> None:
    """Refuse what is nested so deep that composing it, which recurses in C, would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise ConfigError(f"{file}:{line}: nested more than {MAX_DEPTH} deep; expected a configuration")


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


def _mapping(document: Document, node: yaml.MappingNode, path: KeyPath, above: tuple[int, ...]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            _complain(document, path, key_node, "a key is not text; expected key: value")
            continue
        key = str(key_node.value)
        if key in tree:
            first = document.lines[*path, key]
            _complain(document, (*path, key), key_node, f"the key is given twice, first in line {first}; expected one")
            continue
        document.lines[*path, key] = key_node.start_mark.line + 1
        tree[key] = _value(document, value_node, (*path, key), (*above, id(node)))
    return tree


def _value(document: Document, node: yaml.Node, path: KeyPath, above: tuple[int, ...]) -> Any:
    if id(node) in above:
        _complain(document, path, node, "the value contains itself, by an alias (*)")
        return None
    if node.tag not in {f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "str", "map", "seq")}:
        _complain(document, path, node, "YAML tags (!…) are not supported; a text that begins with ! wants quotes")
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(document, node, path, above)
    if isinstance(node, yaml.SequenceNode):
        return list(_items(document, node, path, above))
    return _scalar(document, node, path)


def _items(document: Document, node: yaml.SequenceNode, path: KeyPath, above: tuple[int, ...]) -> Iterator[Any]:
    for index, item in enumerate(node.value):
        document.lines[*path, index] = item.start_mark.line + 1
        yield _value(document, item, (*path, index), (*above, id(node)))


def _scalar(document: Document, node: yaml.Node, path: KeyPath) -> Any:
    text = str(node.value)
    try:
        match node.tag.removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return {"true": True, "false": False}[text.lower()]
            case "int":
                return int(text)
            case "float":
                return float(text)
    except (ValueError, KeyError):
        _complain(document, path, node, "the value is not what its tag says")
        return None
    return text


def _complain(document: Document, path: KeyPath, node: yaml.Node, sentence: str) -> None:
    line = node.start_mark.line + 1
    where = f"{document.file}:{line}"
    text = f"{where}: {dotted(path)}: {sentence}" if path else f"{where}: {sentence}"
    document.problems.append(Problem(line, text))
