"""Mistakes that only several keys together make, each told at the key where it can be mended."""

from collections.abc import Iterable

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

Mistake = tuple[tuple[str | int, ...], str]
"""The path of a key, and a sentence."""


def refuse(title: str, mistakes: Iterable[Mistake], *, missing: Iterable[tuple[str | int, ...]] = ()) -> None:
    """Raise one `ValidationError` with all mistakes and missing keys, if any; pydantic puts it in its place."""
    errors = [
        InitErrorDetails(type=PydanticCustomError("value_error", "{error}", {"error": sentence}), loc=path, input=None)
        for path, sentence in mistakes
    ]
    errors += [InitErrorDetails(type="missing", loc=path, input=None) for path in missing]
    if errors:
        raise ValidationError.from_exception_data(title, errors, hide_input=True)
