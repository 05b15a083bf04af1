"""Names that people choose: of sources, sinks and labels."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from jobwatchd.model.shown import shown

MAX_LABEL_LENGTH = 256
MAX_LABELS = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}", re.ASCII)


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{shown(name)} cannot be a name; expected 1 to 63 of a-z, 0-9, '-' and '_', "
            "beginning with a letter or digit"
        )
    return name


def _check_label_name(name: str) -> str:
    if not _LABEL.fullmatch(name):
        raise ValueError(
            f"{shown(name)} cannot be a label; expected 1 to 63 letters, digits, '_', '.' and '-', "
            "beginning with a letter or '_'"
        )
    return name


def _check_label_value(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic gathers ValueErrors
            f"got {shown(value)}; expected text: put it in quotes"
        )
    if len(value) > MAX_LABEL_LENGTH or not value.isprintable():
        raise ValueError(f"expected at most {MAX_LABEL_LENGTH} printable characters")
    return value


Name = Annotated[str, AfterValidator(_check_name)]
Labels = Annotated[
    dict[Annotated[str, AfterValidator(_check_label_name)], Annotated[str, BeforeValidator(_check_label_value)]],
    Field(max_length=MAX_LABELS),
]
