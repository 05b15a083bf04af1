"""Durations as people write them: a number and a unit."""

import re

from jobwatchd.model.shown import shown

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?) ?(ms|s|m|h|d)", re.ASCII)
# A century: beyond it an instant plus a duration may not be a date any more.
LONGEST_DURATION_S = 36_500 * 86_400.0


def parse_duration_s(text: str) -> float:
    """Return the seconds that `text` means: `250ms`, `5s`, `1.5h`, `7d`; zero is a duration.

    Raises ValueError, with a sentence that says what was expected, for anything else and for more than a century.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{shown(text)} is not a duration; write a number and a unit (ms, s, m, h or d), such as 10m")
    number, unit = match.groups()
    seconds = float(number) * _SECONDS[unit]
    if seconds > LONGEST_DURATION_S:
        raise ValueError(
            f"{shown(text)} is too long a duration; at most {LONGEST_DURATION_S / 86_400:.0f}d is possible"
        )
    return seconds
