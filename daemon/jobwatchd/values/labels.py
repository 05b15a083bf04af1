"""Labels: what every event of a job carries, for whoever filters and sorts them."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from jobwatchd.model.notation import shown

MAX_LABEL_LENGTH = 256
MAX_LABELS = 32
LABEL_NAME = r"[A-Za-z_][A-Za-z0-9_.-]{0,62}"
_NAME = re.compile(LABEL_NAME, re.ASCII)


def check_label_name(name: str) -> str:
    """Return a label's name; raises ValueError for what cannot be one."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{shown(name)} cannot be a label; expected 1 to 63 letters, digits, '_', '.' and '-', "
            "beginning with a letter or '_'"
        )
    return name


def check_label_value(value: object) -> str:
    """Return a label's value; raises ValueError for what cannot be one.

    No-break spaces and the like are refused as control characters are: nobody who filters for a value can see them.
    """
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic gathers ValueErrors
            f"got {shown(value)}; expected text: put it in quotes"
        )
    if len(value) > MAX_LABEL_LENGTH or not value.isprintable():
        raise ValueError(f"expected at most {MAX_LABEL_LENGTH} printable characters")
    return value


Labels = Annotated[
    dict[Annotated[str, AfterValidator(check_label_name)], Annotated[str, BeforeValidator(check_label_value)]],
    Field(max_length=MAX_LABELS),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": MAX_LABELS,
            "propertyNames": {"pattern": f"^{LABEL_NAME}$"},
            "additionalProperties": {"type": "string", "maxLength": MAX_LABEL_LENGTH},
        },
        mode="validation",
    ),
]
