"""How people write durations and addresses, and what a message shows of a value that came where it does not belong."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

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


_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?) ?(ms|s|m|h|d)", re.ASCII)
# How else people write them, in lower case: `6hours`, `1h30`, `1,5h`, `90 sec`, and `PT6H` without its letters. Of more
# digits nothing is guessed: the guess would tell what `shown` keeps back.
_PARTS = re.compile(r"(?:\d{1,6}(?:[.,]\d{1,3})?(?!\d) ?[a-z]* ?){1,4}", re.ASCII)
_PART = re.compile(r"(\d+(?:[.,]\d+)?) ?([a-z]*)", re.ASCII)
_WORDS = {
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
}
_WEEK_S = 604_800.0
_NEXT = {"w": "d", "d": "h", "h": "m", "m": "s"}
# A century: beyond it an instant plus a duration may not be a date any more.
LONGEST_DURATION_S = 36_500 * 86_400.0


def parse_duration_s(text: str) -> float:
    """Return the seconds that `text` means: `250ms`, `5s`, `1.5h`, `7d`; zero is a duration.

    Raises ValueError, with a sentence that says what was expected, for anything else and for more than a century.
    """
    match = DURATION.fullmatch(text.strip())
    if match is None:
        meant = _suggest(text)
        example = f": {meant}" if meant else ", such as 10m"
        raise ValueError(f"{shown(text)} is not a duration; write a number and a unit (ms, s, m, h or d){example}")
    number, unit = match.groups()
    seconds = float(number) * _SECONDS[unit]
    if seconds > LONGEST_DURATION_S:
        raise ValueError(
            f"{shown(text)} is too long a duration; at most {LONGEST_DURATION_S / 86_400:.0f}d is possible"
        )
    return seconds


def _suggest(text: str) -> str | None:
    """Return the duration that was meant, if that can be guessed; a bare number was meant in seconds."""
    text = text.strip().lower()
    if text.startswith("p"):
        text = text[1:].replace("t", "")  # ISO 8601
    if not _PARTS.fullmatch(text):
        return None
    parts: list[tuple[str, str]] = []
    for number, word in _PART.findall(text):
        # What follows hours without a word are minutes.
        unit = _WORDS.get(word) if word else _NEXT.get(parts[-1][1]) if parts else "s"
        if unit is None:
            return None
        parts.append((number.replace(",", "."), unit))
    if len(parts) == 1 and parts[0][1] != "w":
        return "".join(parts[0])
    seconds = sum(float(number) * _SECONDS.get(unit, _WEEK_S) for number, unit in parts)
    unit = next((unit for unit in ("d", "h", "m", "s") if seconds % _SECONDS[unit] == 0), "ms")
    return f"{round(seconds / _SECONDS[unit])}{unit}"


def split_listen(text: str) -> tuple[str, int]:
    """Return host and port of an address to listen at; the host is empty for all addresses.

    Raises ValueError, with a sentence that says what was expected, for anything else.
    """
    refused = ValueError(
        f"got {shown(text, ('localhost',))}; expected host and port: "
        "127.0.0.1:25629, [::1]:25629, or :25629 for all addresses"
    )
    if any(mark in text for mark in "@/?# \t\n\r"):
        raise refused
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise refused from None
    if port is None or (host is None and text != f":{port}"):
        raise refused
    return host or "", port


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
