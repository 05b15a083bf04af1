"""The envelope of NebulaGraph Explorer's answers, and its result codes: Workflow API overview."""

from enum import IntEnum
from typing import Any

import orjson

HTTP_STATUSES = range(400, 600)


class Code(IntEnum):
    """The `code` of an answer."""

    SUCCESS = 0
    BAD_REQUEST = 40004000
    PARAM = 40004001
    UNAUTHORIZED = 40104000
    SESSION = 40104001
    FORBIDDEN = 40304000
    NOT_FOUND = 40404000
    INTERNAL_SERVER = 50004000
    INTERNAL_DATABASE = 50004001
    INTERNAL_CONTROLLER = 50004002
    INTERNAL_LICENSE = 50004003
    UNKNOWN = 90004000

    @property
    def http_status(self) -> int:
        """The HTTP status that the code's first three digits are; 500 where they are none, 200 for success."""
        if self is Code.SUCCESS:
            return 200
        digits = self // 100_000
        return digits if digits in HTTP_STATUSES else 500

    @property
    def message(self) -> str:
        """The `message` that goes with it: `Success`, `ErrSession`, `ErrInternalServer`."""
        return "Success" if self is Code.SUCCESS else f"Err{self.name.title().replace('_', '')}"


UNLISTED_CODE = 50304000
"""In no documentation; by its first three digits the service is unavailable."""


class Refusal(Exception):
    """A request that is answered with an error code."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.message)
        self.code = code


def enveloped(data: Any, code: Code = Code.SUCCESS) -> bytes:
    """Return the body of an answer."""
    return orjson.dumps({"code": int(code), "data": data, "message": code.message})


_NO_FAULTS = {Code.SUCCESS, Code.PARAM, Code.UNAUTHORIZED, Code.NOT_FOUND}
FAULT_BODIES = (
    *(enveloped(None, code) for code in Code if code not in _NO_FAULTS),
    orjson.dumps({"code": UNLISTED_CODE, "data": None, "message": "ErrUnavailable"}),
)
"""Errors that say nothing about a job: not-found is a fault of its own."""
