"""Names that people choose, of sources, sinks and tokens, and those of HTTP headers."""

import re
from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from jobwatchd.model.notation import shown

EXPECTED_NAME = "expected 1 to 63 of a-z, 0-9, '-' and '_', beginning with a letter or digit"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)


def is_name(text: str) -> bool:
    """Whether a text can be a name."""
    return _NAME.fullmatch(text) is not None


def check_name(name: str) -> str:
    """Return a name; raises ValueError for what cannot be one."""
    if not is_name(name):
        raise ValueError(f"{shown(name)} cannot be a name; {EXPECTED_NAME}")
    return name


Name = Annotated[str, AfterValidator(check_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"})]


_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", re.ASCII)


def check_header_name(name: str, own: Collection[str]) -> str:
    """Return the name of a header; raises ValueError for what is none, and for those of ours, in small letters."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError("expected the name of an HTTP header")
    if name.lower() in own:
        raise ValueError("this header is set by jobwatchd itself; expected another")
    return name
