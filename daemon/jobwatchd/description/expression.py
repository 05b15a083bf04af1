"""JMESPath expressions (https://jmespath.org), compiled once and safe on whatever an API may answer."""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from jobwatchd.model.notation import shown

_MAX_LENGTH = 4_096
_PART_OF = frozenset(
    {"subexpression", "index_expression", "projection", "value_projection", "filter_projection", "flatten"}
)
_FUNCTIONS = Functions.FUNCTION_TABLE
_REASON = re.compile(
    r"Parse error at column \d+|Incomplete expression|cannot be empty|Unclosed . delimiter|Unknown token .{1,3}$",
    re.MULTILINE,
)


class UnusableError(Exception):
    """An expression cannot be applied to an answer; the text says why, and holds nothing of the answer."""


class Expression:
    """One expression; `text` is how it was written. Raises ValueError that says what is wrong with it."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._compiled = jmespath.compile(text)
        except (JMESPathError, ValueError, RecursionError) as exc:
            # The library quotes the part that it did not like, and the whole.
            found = _REASON.search(str(exc))
            reason = "it cannot be read" if found is None else found[0]
            raise ValueError(f"got {shown(text)}; expected a JMESPath expression: {reason}") from None
        _check_tree(self._compiled.parsed)

    def search(self, value: Any) -> Any:
        """Return what the expression yields for a JSON value, None for nothing; raises `UnusableError`."""
        try:
            found = self._compiled.search(value)
        except JMESPathError as exc:
            raise UnusableError(_reason(exc)) from None
        except Exception as exc:  # noqa: BLE001 - whatever the library stumbles over was the answer's doing
            raise UnusableError(f"it cannot be applied here ({type(exc).__name__})") from None
        if isinstance(found, float) and not math.isfinite(found):
            raise UnusableError("it yields a number without end")
        return found

    def holds(self, value: Any) -> bool:
        """Whether the expression yields something true, as JMESPath has it; raises `UnusableError`.

        Not true are null (so: nothing), false, and empty texts, lists and mappings; the number 0 is true.
        """
        found = self.search(value)
        return found is True or (found is not None and found is not False and found not in ("", [], {}))


def _reason(exc: JMESPathError) -> str:
    # The library quotes the value that it did not like, which may be anything.
    name = getattr(exc, "function_name", None)
    return f"the function {name}() cannot take what stands there" if name else f"it fails ({type(exc).__name__})"


def _check_tree(node: Mapping[str, Any]) -> None:
    """Refuse what compiles and never works: unknown functions, wrong numbers of arguments, parts of a negation."""
    children = [child for child in node["children"] if isinstance(child, dict)]
    if node["type"] == "function_expression":
        _check_function(node["value"], len(children))
    if node["type"] in _PART_OF and children and children[0]["type"] == "not_expression":
        # `!` binds closer than the dot: (!job).error, a field of true or false, is always null.
        raise ValueError("`!` stands for the first name alone here; expected brackets: !(job.error)")
    for child in children:
        _check_tree(child)


def _check_function(name: str, count: int) -> None:
    known = _FUNCTIONS.get(name)
    if known is None:
        raise ValueError(f"there is no function {shown(name, _FUNCTIONS)} in JMESPath; expected one of its own")
    signature = known["signature"]
    variadic = bool(signature and signature[-1].get("variadic"))
    if count < len(signature) or (count > len(signature) and not variadic):
        raise ValueError(f"{name}() has {count} arguments; expected {len(signature)}")


def _read(value: object) -> Expression:
    if not isinstance(value, str):
        raise ValueError("expected a JMESPath expression as text; put it in quotes if it looks like something else")  # noqa: TRY004 - pydantic gathers ValueErrors
    if len(value) > _MAX_LENGTH:
        raise ValueError(f"expected a JMESPath expression of at most {_MAX_LENGTH} characters")
    return Expression(value)


Expr = Annotated[
    Expression,
    PlainValidator(_read),
    PlainSerializer(lambda expression: expression.text, return_type=str),
    WithJsonSchema({"type": "string", "maxLength": _MAX_LENGTH}),
]
