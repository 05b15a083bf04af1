"""Durations as people write them: a number and a unit; kept in seconds."""

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
    if seconds == 0:
        return "0s"
    for unit, size in _UNITS:
        count = seconds / size
        if count >= 1 and abs(count - round(count)) < 1e-9:  # noqa: PLR2004 - what a float cannot tell apart
            return f"{round(count)}{unit}"
    return f"{seconds:.9f}".rstrip("0") + "s"


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
