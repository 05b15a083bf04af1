"""Names of HTTP headers."""

import re
from collections.abc import Collection

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", re.ASCII)


def check_header_name(name: str, own: Collection[str]) -> str:
    """Return the name of a header; raises ValueError for what is none, and for those of ours, in small letters."""
    if not _NAME.fullmatch(name):
        raise ValueError("expected the name of an HTTP header")
    if name.lower() in own:
        raise ValueError("this header is set by jobwatchd itself; expected another")
    return name
