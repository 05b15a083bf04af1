"""How a right answer is made wrong: statuses that no documentation has, and values of the wrong type."""

from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from jobwatchd.simulator.faults import FaultKind
from jobwatchd.simulator.words import NativeStatus


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one API says things: its status field, words for it that are undocumented, and its error bodies.

    `envelope_errors` is empty for an API without an envelope.
    """

    status_field: str
    unknown: tuple[NativeStatus, ...]
    not_found: bytes
    envelope_errors: tuple[bytes, ...] = ()


def tampered(body: bytes, kind: FaultKind, dialect: Dialect, random: Random) -> bytes:
    """Return a JSON answer in which each status is unknown, or in which statuses or all values are of a wrong type.

    No wrong value can be read as a status by a careful reader. `true` and 1.5 are among them, because a careless one
    reads both as the number 1.
    """
    if kind is FaultKind.UNKNOWN_STATUS:
        spoiled = _replaced(orjson.loads(body), dialect.status_field, random.choice(dialect.unknown))
    else:
        field = random.choice((dialect.status_field, None))
        spoiled = _replaced(orjson.loads(body), field, random.choice((None, True, {"value": 1}, [], 1.5)))
    return orjson.dumps(spoiled)


def _replaced(value: Any, field: str | None, wrong: Any) -> Any:
    if isinstance(value, dict):
        return {name: wrong if name == field else _replaced(inner, field, wrong) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, field, wrong) for inner in value]
    return wrong if field is None else value
