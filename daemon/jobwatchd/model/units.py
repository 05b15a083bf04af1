"""Durations as people write them: a number and a unit."""

import re

from jobwatchd.model.shown import shown

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
