"""What was found in an answer, for people."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """What one expression of `read` found; `value` is a `Misfit` where it cannot be applied."""

    key: str
    expression: str
    value: Any


@dataclass(frozen=True, slots=True)
class Misfit:
    """An expression cannot be applied to an answer; `why` says so."""

    why: str
