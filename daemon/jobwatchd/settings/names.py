"""Names that people choose: of sources and sinks."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)


def check_name(name: str) -> str:
    """Return a name; raises ValueError for what cannot be one."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name[:80]!r} cannot be a name; expected 1 to 63 of a-z, 0-9, '-' and '_', "
            "beginning with a letter or digit"
        )
    return name


Name = Annotated[str, AfterValidator(check_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"})]
