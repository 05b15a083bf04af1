"""An answer's JSON, read strictly: what two readers might take differently is refused."""

import json
import math
from typing import Any

import orjson

from jobwatchd.http.excerpt import unreadable


class _TwiceError(ValueError):
    """An object has a key twice."""


def read_json(where: str, body: bytes, *, quote: bool = True) -> Any:
    """Return the JSON value that `body` is.

    Raises `BadPayload` for what is not JSON: NaN, invalid UTF-8, nested too deep; and for an object that has a key
    twice, of which some readers take the first and some the last. Without `quote` the message shows nothing of it.
    """
    # What this makes is gone before the value is made: either may be thirty times as large as the body.
    misfit = _find_misfit(body)
    try:
        value = orjson.loads(body)
    except ValueError as exc:
        raise unreadable(where, f"not JSON ({exc})", body, quote=quote) from None
    if isinstance(misfit, _TwiceError):
        key = f" ({misfit})" if quote else ""
        raise unreadable(where, f"JSON with a key twice in one object{key}", body, quote=quote)
    if misfit is not None:
        raise unreadable(where, "JSON with numbers too long or nesting too deep", body, quote=quote)
    return value


def number_of(value: Any) -> float | None:
    """Return a number, also one in text; None for others."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _find_misfit(body: bytes) -> Exception | None:
    """Return what is wrong with JSON that another reader takes."""
    try:
        json.loads(body, object_pairs_hook=_refuse_twice)
    except (ValueError, RecursionError) as exc:
        return exc.with_traceback(None)
    return None


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len({key for key, _ in pairs}) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _TwiceError(repr(key[:40]))
            seen.add(key)
