"""Reading answers: what every source reads alike.

Read strictly is what a verdict rests on (that it is the job's answer, its id, its state) and what dates it (the times):
there, anything but the documented shape is `BadPayload`. What merely adorns it (progress, elapsed time, a single task)
is left out where it makes no sense, so that it never hides the state.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from jobwatchd.http.answer import clean, unreadable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Payload(BaseModel):
    """A part of an answer: types are not converted, further fields are ignored, errors do not repeat the input."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)


Model = TypeVar("Model", bound=Payload)


def digest_of(body: bytes) -> int:
    """Return a number by which an answer is recognised within this process; never 0, which stands for none."""
    # Sixty bits: as sure as sixty-four, and a third smaller in memory.
    return hash(body) & 0xFFF_FFFF_FFFF_FFFF or 1


def load_object(where: str, body: bytes, *, quote: bool = True) -> Mapping[str, Any]:
    """Return the JSON object that `body` is; raises BadPayload where it is none.

    `where` begins the message: method and URL. Without `quote` the message shows nothing of the body.
    """
    try:
        value = orjson.loads(body)
    except ValueError as exc:
        raise unreadable(where, f"not JSON ({exc})", body, quote=quote) from exc
    if not isinstance(value, dict):
        raise unreadable(where, f"a JSON {_kind(value)}, expected an object", body, quote=quote)
    return value


def read_model(model: type[Model], value: object, where: str, body: bytes, *, within: str = "") -> Model:
    """Return `value` as `model`; raises BadPayload that names the first field that is not as documented.

    `within` names the field of the answer that `value` is; empty means the whole answer.
    """
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join([part for part in (within, *map(str, first["loc"])) if part]) or "the answer"
        what = "it should be an object" if first["type"] == "model_type" else first["msg"]
        what = what.removeprefix("Value error, ").replace("Input should", "it should")
        raise unreadable(where, f"wrong in {field}: {what}", body) from exc


Text = Annotated[str, AfterValidator(clean)]
"""A word or a name from an answer."""


def read_iso_instant(value: object) -> datetime | None:
    """Return an ISO-8601 time with an offset in UTC; raises ValueError for anything else.

    Null, an empty string and times before 1970 mean "unknown": the last is how a zero time is written by servers that
    have no null, and a job that seems to have begun in the year 1 must not count as begun.
    """
    if value is None or value == "":
        return None
    at = _parse_iso(value) if isinstance(value, str) else None
    if at is None:
        raise ValueError("it should be an ISO-8601 time with an offset")
    return at if at.year >= EPOCH.year else None


def _parse_iso(text: str) -> datetime | None:
    """Return a time, in UTC if it is not before 1970; None for what is none, or has no offset."""
    try:
        at = datetime.fromisoformat(text)
        if at.year < EPOCH.year:
            return at
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _kind(value: object) -> str:
    names = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
