"""Plain values made of YAML's events, one after the other.

PyYAML's own composer makes a node of everything first, twenty objects for each value: a file of fifty thousand watches
keeps the collector of garbage busy for seconds, in which nothing else runs.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from yaml.composer import ComposerError

from jobwatchd.values.section import KeyPath

MAX_DEPTH = 32
# So many values may be copies, by aliases; a few lines of aliases of aliases could stand for billions.
MAX_COPIES = 1_000_000
_TAG = "tag:yaml.org,2002:"
_TAGS = {None, "!", *(f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "str", "map", "seq"))}
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Which plain scalars are more than text, after YAML 1.2's core schema.
_PLAIN = (
    ("null", re.compile(r"(?:null|Null|NULL|~|)\Z"), ["n", "N", "~", ""]),
    ("bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")),
    ("int", re.compile(r"-?(?:0|[1-9][0-9]*)\Z"), list("-0123456789")),
    ("float", re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z"), list("-0123456789")),
)
_BY_FIRST = {
    first: [(name, pattern) for name, pattern, firsts in _PLAIN if first in firsts]
    for first in {first for _, _, firsts in _PLAIN for first in firsts}
}
_READERS: Mapping[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "int": int,
    "float": float,
}


class TooDeepError(Exception):
    """Values lie in each other too deep, or stand for too many others, from line `line` on."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line


class Composer:
    """Composes the one document of a text; `complain` hears of what is wrong in it beyond syntax, and where.

    With `lines` the line of each key and list entry is put in there: seldom needed, and half of the work.
    """

    def __init__(
        self, text: str, complain: Callable[[KeyPath, int, str], None], lines: dict[KeyPath, int] | None = None
    ) -> None:
        self._parser = _Parser(text)
        self._next: Callable[[], Any] = self._parser.get_event
        self._complain = complain
        self._lines = lines
        # Of what is being read now; a list, since a path of its own for each value takes as long as reading it.
        self._path: list[str | int] = []
        self._order: list[KeyPath] = []
        # By anchor: the value, and which part of `_order` is of it, below which path.
        self._anchors: dict[str, tuple[Any, int, int, KeyPath]] = {}
        self._open: set[str] = set()
        self._copies = 0

    def compose(self) -> tuple[Any, int]:
        """Return the document's value and its line, None and 0 for none; raises `YAMLError`, and `TooDeepError`."""
        value, line = None, 0
        first: Any = None
        try:
            while self._parser.check_event():
                event: Any = self._next()
                if not isinstance(event, yaml.DocumentStartEvent):
                    continue
                if first is not None:
                    mark: Any = event.start_mark
                    raise ComposerError(None, None, "but found another document", mark)
                first, event = event, self._next()
                value, line = self._value(event, 1), event.start_mark.line + 1
        finally:
            self._parser.dispose()
        return value, line

    def _value(self, event: Any, depth: int) -> Any:
        """Return the value that begins with `event`, reading as far as it goes."""
        kind = type(event)
        if kind is yaml.AliasEvent:
            return self._copy(event, depth)
        anchor = event.anchor
        if kind is yaml.ScalarEvent and anchor is None and event.tag is None:
            return self._scalar(event)
        start = len(self._order)
        if anchor is not None:
            self._open.add(anchor)
        if event.tag not in _TAGS:
            sentence = "YAML tags (!…) are not supported; a text that begins with ! wants quotes"
            self._complain(tuple(self._path), event.start_mark.line + 1, sentence)
            self._skip(event, depth)
            value: Any = None
        elif kind is yaml.ScalarEvent:
            value = self._scalar(event)
        else:
            if depth > MAX_DEPTH:
                raise _too_deep(event)
            value = self._mapping(depth) if kind is yaml.MappingStartEvent else self._list(depth)
        if anchor is not None:
            self._open.discard(anchor)
            self._anchors[anchor] = (value, start, len(self._order), tuple(self._path))
        return value

    def _mapping(self, depth: int) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        seen: dict[str, Any] = {}
        path = self._path
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = self._key(event)
            if key is None:
                self._complain(tuple(path), event.start_mark.line + 1, "a key is not text; expected key: value")
                self._skip(event, depth)
            elif key in tree:
                sentence = f"the key is given twice, first in line {seen[key].start_mark.line + 1}; expected one"
                self._complain((*path, key), event.start_mark.line + 1, sentence)
            else:
                seen[key] = event
                path.append(key)
                self._note(event)
                tree[key] = self._value(self._next(), depth + 1)
                path.pop()
                continue
            self._skip(self._next(), depth)
        return tree

    def _key(self, event: Any) -> str | None:
        """Return the text of a key; None where it is none."""
        if type(event) is yaml.ScalarEvent:
            if event.anchor is not None:
                self._anchors[event.anchor] = (event.value, 0, 0, ())
            return str(event.value)
        if type(event) is yaml.AliasEvent and event.anchor in self._anchors:
            value = self._anchors[event.anchor][0]
            return value if isinstance(value, str) else None
        return None

    def _list(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            self._path.append(len(items))
            self._note(event)
            items.append(self._value(event, depth + 1))
            self._path.pop()
        return items

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        name = ""
        if event.tag is not None and event.tag != "!":
            name = event.tag.removeprefix(_TAG)
        elif event.implicit[0] and text[:1] in _BY_FIRST:
            for kind, pattern in _BY_FIRST[text[:1]]:
                if pattern.match(text):
                    name = kind
                    break
        if name not in _READERS:
            return text
        try:
            return _READERS[name](text)
        except (ValueError, KeyError):
            self._complain(tuple(self._path), event.start_mark.line + 1, "the value is not what its tag says")
            return None

    def _copy(self, event: Any, depth: int) -> Any:
        """Return a copy of what an alias stands for: whoever changes one use of it means that one."""
        anchor, line, path = event.anchor, event.start_mark.line + 1, tuple(self._path)
        if anchor in self._open:
            self._complain(path, line, "the value contains itself, by an alias (*)")
            return None
        if anchor not in self._anchors:
            raise ComposerError(None, None, "found undefined alias", event.start_mark)
        value, start, end, place = self._anchors[anchor]
        if self._lines is not None:
            for known in self._order[start:end]:
                self._keep((*path, *known[len(place) :]), self._lines[known])
        return self._copied(value, event, depth)

    def _copied(self, value: Any, event: Any, depth: int) -> Any:
        if not isinstance(value, dict | list):
            return value
        self._copies += len(value)
        if depth > MAX_DEPTH:
            raise _too_deep(event)
        if self._copies > MAX_COPIES:
            raise TooDeepError(event.start_mark.line + 1, f"aliases (*) stand for more than {MAX_COPIES} values")
        if isinstance(value, list):
            return [self._copied(item, event, depth + 1) for item in value]
        return {key: self._copied(item, event, depth + 1) for key, item in value.items()}

    def _skip(self, event: Any, depth: int) -> None:
        """Read to the end of the value that begins with `event`."""
        inside = 0
        while True:
            if isinstance(event, yaml.CollectionStartEvent):
                inside += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                inside -= 1
            if depth + inside > MAX_DEPTH + 1:
                raise _too_deep(event)
            if inside == 0:
                return
            event = self._next()

    def _note(self, event: Any) -> None:
        """Note the line of the key or entry that is being read."""
        if self._lines is not None:
            self._keep(tuple(self._path), event.start_mark.line + 1)

    def _keep(self, path: KeyPath, line: int) -> None:
        assert self._lines is not None  # noqa: S101 - for the type checker
        self._lines[path] = line
        self._order.append(path)


def _too_deep(event: Any) -> TooDeepError:
    return TooDeepError(event.start_mark.line + 1, f"nested more than {MAX_DEPTH} deep")
