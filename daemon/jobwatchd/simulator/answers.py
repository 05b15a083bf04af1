"""Answers in JSON."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


class RawJson(Response):
    """Bytes that are sent as JSON, whether they are or not."""

    media_type = "application/json"


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> RawJson:
    """Return a value as a JSON answer; aware datetimes become ISO 8601 with an offset."""
    return RawJson(orjson.dumps(value), status, headers)
