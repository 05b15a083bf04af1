"""What all mappings have in common that people write: paths of keys, and mistakes in them."""

import re
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from jobwatchd.model.notation import shown

KeyPath = tuple[str | int, ...]
"""The keys and places in lists that lead to a value."""

# What keys, names of sources and sinks, and header names look like; and who writes a secret as a key does not.
_PLAIN = re.compile(r"[a-z0-9_.-]{1,40}|[A-Z]?[A-Za-z_.-]{1,40}", re.ASCII)

SECTION_CONFIG = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


class Section(BaseModel):
    """A mapping that people write: cannot be changed, refuses keys it does not know, quotes no values."""

    model_config = SECTION_CONFIG


Mistake = tuple[KeyPath, str]
"""The path of the key where it can be mended, and a sentence."""


def refuse(title: str, mistakes: Iterable[Mistake], *, missing: Iterable[KeyPath] = ()) -> None:
    """Raise one `ValidationError` with all mistakes and missing keys, if any; pydantic puts it in its place."""
    errors = [
        InitErrorDetails(type=PydanticCustomError("value_error", "{error}", {"error": sentence}), loc=path, input=None)
        for path, sentence in mistakes
    ]
    errors += [InitErrorDetails(type="missing", loc=path, input=None) for path in missing]
    if errors:
        raise ValidationError.from_exception_data(title, errors, hide_input=True)


def told(path: KeyPath) -> str:
    """Return a key path as a message may show it: of a part that is no word, and may be a secret, the beginning."""
    return dotted(tuple(part if isinstance(part, int) or _PLAIN.fullmatch(part) else shown(part) for part in path))


def dotted(path: KeyPath) -> str:
    """Return a key path as people write it: `watches[0].job.job_id`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
