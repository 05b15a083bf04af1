"""A value that came where it does not belong, as a message may show it."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

# What is shown at most of a text that may be anything, a password that was put in the wrong place among others.
SHOWN_CHARACTERS = 3
# A number of so many digits is a port, a count or a bound; a longer one may be a PIN or a token.
SHOWN_DIGITS = 6
_NUMBER = re.compile(
    rf"[+-]?\d{{1,{SHOWN_DIGITS}}}(?:\.\d{{1,3}})?\s?"
    r"(?:%|/?\s?(?:ms|msecs?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|[kmg]?i?b|bytes?|[kmg]))?",
    re.ASCII | re.IGNORECASE,
)
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d{0,6})?", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+]{0,15}://", re.ASCII)
_TRUTH = frozenset({"true", "false", "yes", "no", "on", "off", "null", "none"})


def shown(value: Any, known: Collection[str] = ()) -> str:
    """Return how a message quotes a value of the wrong shape: never whole, where it might be a secret.

    Whole are numbers of a few digits, with a unit or without, addresses of numbers, words for true and false, texts of
    up to three characters, and what is nearly one of `known`, or its beginning: words that were expected there. Of any
    other text its first characters, or the scheme of a URL, and its length are shown.
    """
    if value is None:
        return "nothing"
    if isinstance(value, dict | list | tuple):
        return f"{'a' if value else 'an empty'} {'mapping' if isinstance(value, dict) else 'list'}"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if isinstance(value, int | float):
        return text if _NUMBER.fullmatch(text) else "a number"
    if len(text) <= SHOWN_CHARACTERS or _is_harmless(text) or _is_nearly(text, known):
        return repr(text)
    scheme = _SCHEME.match(text)
    # Of a short one less, so that most of it is never there.
    begin = text[: min(SHOWN_CHARACTERS, len(text) // 3)] if scheme is None else scheme[0]
    return f"{begin + '…'!r} ({len(text)} characters)"


def _is_harmless(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _ADDRESS.fullmatch(text)) or text.lower() in _TRUTH


def _is_nearly(text: str, known: Collection[str]) -> bool:
    words = [word.lower() for word in known]
    return bool(get_close_matches(text.lower(), words, n=1)) or any(word.startswith(text.lower()) for word in words)
