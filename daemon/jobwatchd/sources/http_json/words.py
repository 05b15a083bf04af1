"""Single values of an answer: words for states, texts, numbers."""

import math
from typing import Any

import orjson

from jobwatchd.http.answer import clean


def word_of(value: Any) -> str | None:
    """Return a text, number, true, false or null as JSON writes it, a text without its quotes; None for others.

    A number without a fraction is written without one: 2.0 is `2`.
    """
    match value:
        case str():
            return value
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if math.isfinite(value) and value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
        case _:
            return None


def id_of(value: Any) -> str | None:
    """Return what can be a name: a text that is not empty, or a whole number; None for others."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def text_of(value: Any) -> str | None:
    """Return a text for people: lists and mappings as JSON, None for nothing."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, list | dict):
        try:
            return clean(orjson.dumps(value).decode())
        except TypeError:
            return None
    word = word_of(value)
    return None if word is None else clean(word)
