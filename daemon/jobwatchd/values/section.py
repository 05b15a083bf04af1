"""What all mappings have in common that people write, and mistakes that only several of their keys together make."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

SECTION_CONFIG = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


class Section(BaseModel):
    """A mapping that people write: cannot be changed, refuses keys it does not know, quotes no values."""

    model_config = SECTION_CONFIG


Mistake = tuple[tuple[str | int, ...], str]
"""The path of the key where it can be mended, and a sentence."""


def refuse(title: str, mistakes: Iterable[Mistake], *, missing: Iterable[tuple[str | int, ...]] = ()) -> None:
    """Raise one `ValidationError` with all mistakes and missing keys, if any; pydantic puts it in its place."""
    errors = [
        InitErrorDetails(type=PydanticCustomError("value_error", "{error}", {"error": sentence}), loc=path, input=None)
        for path, sentence in mistakes
    ]
    errors += [InitErrorDetails(type="missing", loc=path, input=None) for path in missing]
    if errors:
        raise ValidationError.from_exception_data(title, errors, hide_input=True)
