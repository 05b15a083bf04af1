"""Text with placeholders `{name}`, parsed once. There is nothing else in a template: no code, no escapes.

A brace that does not enclose a name is a brace, so that GraphQL needs no care but blanks: `{ job(id: $id) { state } }`.
What a placeholder is replaced with is encoded for the place where it stands by whoever fills the template.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from jobwatchd.model.notation import shown

Value = str | int
"""What a placeholder stands for; a number stays one where it is a JSON value of its own."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)
# RFC 3986: what may stand in a path, percent-encoding included. Braces are the placeholders'.
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_MAX_DEPTH = 32


class Template:
    """One text with placeholders; `names` are theirs, in order, repeated where they are."""

    __slots__ = ("_format", "_parts", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = tuple(_PLACEHOLDER.split(text))  # literal, name, literal, name, …, literal
        self.names = self._parts[1::2]
        # Every poll fills a template, and this is the quickest way.
        self._format = "%s".join(part.replace("%", "%%") for part in self._parts[::2])

    @property
    def sole(self) -> str | None:
        """The placeholder that is the whole text, None where there is more or less."""
        return self.names[0] if len(self._parts) == 3 and not self._parts[0] + self._parts[2] else None  # noqa: PLR2004

    @property
    def literal(self) -> str:
        """What stands around the placeholders."""
        return "".join(self._parts[::2])

    def fill(self, values: Mapping[str, Value]) -> str:
        """Return the text with each placeholder replaced by its value, as it is."""
        return self._format % tuple([values[name] for name in self.names])


class JsonTemplate:
    """A JSON value in whose texts placeholders may stand; keys are as they are written.

    It is filled as values and only then written as JSON, so no value can end a text, add a key, or change the shape. A
    text that is nothing but one placeholder becomes the value itself, a number where it is one.
    """

    __slots__ = ("_tree", "names", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self._tree = _parse(value, 0)
        self.names = tuple(_names(self._tree))

    def fill(self, values: Mapping[str, Value | None]) -> Any:
        """Return the JSON value with its placeholders replaced; None becomes null, or nothing inside of a text."""
        return _fill(self._tree, values)


def encode_value(value: Value) -> str:
    """Return a value as it stands in a query or a form: nothing in it can end it or begin another."""
    return quote(str(value), safe="")


def _parse(value: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise ValueError(f"the body is nested more than {_MAX_DEPTH} deep; expected less")
    if isinstance(value, str):
        template = Template(value)
        return template if template.names else value
    if isinstance(value, dict):
        return {str(key): _parse(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_parse(item, depth + 1) for item in value]
    return value


def _names(tree: Any) -> Iterator[str]:
    if isinstance(tree, Template):
        yield from tree.names
    elif isinstance(tree, dict | list):
        for item in tree.values() if isinstance(tree, dict) else tree:
            yield from _names(item)


def _fill(tree: Any, values: Mapping[str, Value | None]) -> Any:
    if isinstance(tree, Template):
        if tree.sole is not None:
            return values[tree.sole]
        return tree.fill({name: "" if (value := values[name]) is None else value for name in tree.names})
    if isinstance(tree, dict):
        return {key: _fill(item, values) for key, item in tree.items()}
    return [_fill(item, values) for item in tree] if isinstance(tree, list) else tree


def _read_text(value: object) -> Template:
    if isinstance(value, bool):
        return Template(json.dumps(value))
    if isinstance(value, int | float):
        return Template(str(value))
    if not isinstance(value, str):
        raise ValueError("expected text, in which {name} is replaced by a parameter")  # noqa: TRY004 - pydantic gathers ValueErrors
    return Template(value)


def _read_header(value: object) -> Template:
    template = _read_text(value)
    if not (template.literal.isascii() and template.literal.isprintable()) or template.text != template.text.strip():
        raise ValueError("this cannot be sent in an HTTP header; expected printable ASCII, no blanks around it")
    return template


def _read_path(value: object) -> Template:
    if not isinstance(value, str):
        raise ValueError("expected a path such as /api/jobs/{job_id}")  # noqa: TRY004 - pydantic gathers ValueErrors
    bare = _PLACEHOLDER.sub("x", value)
    if not _PATH.fullmatch(bare):
        raise ValueError(
            f"got {shown(value)}; expected a path such as /api/jobs/{{job_id}}, which begins with '/', has no query "
            "(that is `query`), and writes other characters percent-encoded"
        )
    if any(segment.replace("%2e", ".").replace("%2E", ".") in {".", ".."} for segment in value.split("/")):
        raise ValueError(f"got {shown(value)}; expected a path without the segments '.' and '..'")
    return Template(value)


def _read_json(value: object) -> JsonTemplate:
    if not isinstance(value, dict | list):
        raise ValueError("expected a mapping or a list, which is sent as JSON")  # noqa: TRY004 - pydantic gathers ValueErrors
    return JsonTemplate(value)


_AS_TEXT = PlainSerializer(lambda template: template.text, return_type=str)
_ANY_TEXT = WithJsonSchema({"type": ["string", "number", "boolean"]})
Text = Annotated[Template, PlainValidator(_read_text), _AS_TEXT, _ANY_TEXT]
HeaderText = Annotated[Template, PlainValidator(_read_header), _AS_TEXT, _ANY_TEXT]
PathText = Annotated[
    Template, PlainValidator(_read_path), _AS_TEXT, WithJsonSchema({"type": "string", "pattern": "^/"})
]
JsonBody = Annotated[
    JsonTemplate,
    PlainValidator(_read_json),
    PlainSerializer(lambda template: template.value),
    WithJsonSchema({"type": ["object", "array"]}),
]
