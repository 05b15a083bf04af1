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


MESSAGES = {
    Code.SUCCESS: "Success",
    Code.BAD_REQUEST: "ErrBadRequest",
    Code.PARAM: "ErrParam",
    Code.UNAUTHORIZED: "ErrUnauthorized",
    Code.SESSION: "ErrSession",
    Code.FORBIDDEN: "ErrForbidden",
    Code.NOT_FOUND: "ErrNotFound",
    Code.INTERNAL_SERVER: "ErrInternalServer",
    Code.INTERNAL_DATABASE: "ErrInternalDatabase",
    Code.INTERNAL_CONTROLLER: "ErrInternalController",
    Code.INTERNAL_LICENSE: "ErrInternalLicense",
    Code.UNKNOWN: "ErrUnknown",
}

UNLISTED_CODE = 50304000
"""In no documentation; by its first three digits the service is unavailable."""


class Refusal(Exception):
    """A request that is answered with an error code."""

    def __init__(self, code: Code) -> None:
        super().__init__(MESSAGES[code])
        self.code = code


def enveloped(data: Any, code: Code = Code.SUCCESS) -> bytes:
    """Return the body of an answer."""
    return orjson.dumps({"code": int(code), "data": data, "message": MESSAGES[code]})


FAULT_BODIES = (
    *(
        enveloped(None, code)
        for code in (
            Code.BAD_REQUEST,
            Code.SESSION,
            Code.FORBIDDEN,
            Code.INTERNAL_SERVER,
            Code.INTERNAL_DATABASE,
            Code.INTERNAL_CONTROLLER,
            Code.INTERNAL_LICENSE,
            Code.UNKNOWN,
        )
    ),
    orjson.dumps({"code": UNLISTED_CODE, "data": None, "message": "ErrUnavailable"}),
)
"""Errors that say nothing about a job: not-found is a fault of its own."""
