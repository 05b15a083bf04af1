"""Durations, sizes, rates and counts as people write them; kept in seconds, bytes and requests a second."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from jobwatchd.model.notation import parse_duration_s, shown

_UNITS = (("d", 86_400.0), ("h", 3_600.0), ("m", 60.0), ("s", 1.0), ("ms", 0.001))
_TEXT = {
    "type": "string",
    "pattern": r"^\s*[0-9]{1,12}(\.[0-9]{1,9})? ?(ms|s|m|h|d)\s*$",
    "examples": ["6h"],
}


def parse_duration(value: object) -> float:
    """Return the seconds of `250ms`, `5s`, `10m`, `24h`, `7d`, or a plain 0; raises ValueError for anything else."""
    if type(value) is int and value == 0:
        return 0.0
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic gathers ValueErrors
            f"got {shown(value)}; expected a duration with its unit: 250ms, 5s, 10m, 24h or 7d"
        )
    return parse_duration_s(value)


def parse_positive_duration(value: object) -> float:
    """Return the seconds of a duration above zero; raises ValueError for anything else."""
    seconds = parse_duration(value)
    if seconds == 0:
        raise ValueError(f"got {shown(value)}; expected a duration above zero")
    return seconds


def format_duration(seconds: float) -> str:
    """Return a duration in the largest unit in which it is a whole number: `10m`, `1500ms`."""
    return "0s" if seconds == 0 else _in_units(seconds, {unit: seconds / size for unit, size in _UNITS}, "s")


def check_bounds(shortest_s: float | None, longest_s: float | None) -> None:
    """Raise ValueError for a shortest interval that is longer than the longest."""
    if shortest_s is not None and longest_s is not None and shortest_s > longest_s:
        raise ValueError(
            f"min_interval ({format_duration(shortest_s)}) is longer than max_interval "
            f"({format_duration(longest_s)}); expected at most the same"
        )


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, when_used="json"),
    WithJsonSchema({"anyOf": [_TEXT, {"enum": [0]}]}, mode="validation"),
]
PositiveDuration = Annotated[
    float,
    BeforeValidator(parse_positive_duration),
    PlainSerializer(format_duration, when_used="json"),
    WithJsonSchema(_TEXT, mode="validation"),
]

_SIZE_UNITS = {"B": 1, "kB": 1_000, "KiB": 1_024, "MB": 1_000_000, "MiB": 1_048_576, "GB": 10**9, "GiB": 2**30}
_SIZE = re.compile(r"(\d{1,12}) ?(B|kB|KiB|MB|MiB|GB|GiB)", re.ASCII)
_RATE_UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0}
_RATE = re.compile(r"(\d{1,12}(?:\.\d{1,9})?) ?/ ?(s|m|h)", re.ASCII)

# How else people write them, in lower case; more digits are not shown, and no guess is made of them.
_LOOSE_SIZE = re.compile(r"(\d{1,6}) ?([a-z]*)", re.ASCII)
_SIZE_WORDS = {
    **dict.fromkeys(("b", "byte", "bytes"), "B"),
    **dict.fromkeys(("k", "ki", "kib", "kb"), "KiB"),
    **dict.fromkeys(("m", "mi", "mib", "mb"), "MiB"),
    **dict.fromkeys(("g", "gi", "gib", "gb"), "GiB"),
}
_LOOSE_RATE = re.compile(r"(\d{1,6}) ?(?:r|req|requests?)? ?(?:/|per|p)? ?([a-z]*)", re.ASCII)
_RATE_WORDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), "/s"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "/m"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "/h"),
}


def parse_size(value: object) -> int:
    """Return the bytes of `512B`, `64KiB`, `1MiB`; raises ValueError for anything else, and for zero."""
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        meant = _suggest(value, _LOOSE_SIZE, _SIZE_WORDS, "B")
        example = f"write {meant}" if meant else "64KiB, 1MiB or 5MB"
        raise ValueError(f"got {shown(value)}; expected a size with its unit, above zero: {example}")
    return int(match[1]) * _SIZE_UNITS[match[2]]


def format_size(size: int) -> str:
    """Return a size in the largest binary unit in which it is a whole number: `1MiB`."""
    unit = next(unit for unit in ("GiB", "MiB", "KiB", "B") if size % _SIZE_UNITS[unit] == 0)
    return f"{size // _SIZE_UNITS[unit]}{unit}"


def parse_rate(value: object) -> float | None:
    """Return the requests a second of `50/s`, `300/m`, `1000/h`, None for none; raises ValueError for anything else."""
    if value is None:
        return None
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or float(match[1]) == 0:
        meant = _suggest(value, _LOOSE_RATE, _RATE_WORDS, "/s")
        example = f"write {meant}" if meant else "50/s, 300/m or 1000/h"
        raise ValueError(f"got {shown(value)}; expected a rate above zero, {example}, or null for no limit")
    return float(match[1]) / _RATE_UNITS[match[2]]


def format_rate(rate: float | None) -> str | None:
    """Return a rate in the smallest unit of time in which it is a whole number: `50/s`, `20/m`."""
    return (
        None if rate is None else _in_units(rate, {f"/{unit}": rate * size for unit, size in _RATE_UNITS.items()}, "/s")
    )


def _in_units(value: float, counts: Mapping[str, float], unit: str) -> str:
    """Return the first of the counts that is a whole number, with its unit; the value itself in `unit` for none."""
    for each, count in counts.items():
        if count >= 1 and abs(count - round(count)) < 1e-9:  # noqa: PLR2004 - what a float cannot tell apart
            return f"{round(count)}{each}"
    return f"{value:.9f}".rstrip("0") + unit


def parse_count(value: object) -> int:
    """Return a whole number of at least one, digits in text included; raises ValueError for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value, re.ASCII):
        value = int(value)
    # YAML's `true` is an int to Python, and means no number.
    if type(value) is not int or value < 1:
        raise ValueError(f"got {shown(value)}; expected a whole number of at least 1")
    return value


def _suggest(value: object, pattern: re.Pattern[str], words: Mapping[str, str], bare: str) -> str | None:
    """Return what was meant by a whole number and a word of one's own, if that can be guessed."""
    match = pattern.fullmatch(str(value).strip().lower()) if type(value) in {int, str} else None
    if match is None or int(match[1]) == 0:
        return None
    unit = words.get(match[2]) if match[2] else bare
    return None if unit is None else f"{match[1]}{unit}"


def _written(shape: re.Pattern[str], *others: object) -> WithJsonSchema:
    """Return the JSON Schema of text of this shape; `others` may stand in its place."""
    text = {"type": "string", "pattern": f"^\\s*(?:{shape.pattern})\\s*$"}
    return WithJsonSchema({"anyOf": [text, {"enum": [*others]}]} if others else text)


Size = Annotated[int, BeforeValidator(parse_size), PlainSerializer(format_size, when_used="json"), _written(_SIZE)]
Rate = Annotated[
    float | None, BeforeValidator(parse_rate), PlainSerializer(format_rate, when_used="json"), _written(_RATE, None)
]
Count = Annotated[int, BeforeValidator(parse_count), WithJsonSchema({"type": "integer", "minimum": 1})]
