"""Puts faults between an API and its clients, as ASGI middleware."""

from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from math import ceil
from random import Random
from typing import Any

import orjson
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobwatchd.ports import Clock
from jobwatchd.simulator.faults import Fault, FaultInjector, FaultKind, RetryAfterForm
from jobwatchd.simulator.job import NativeStatus
from jobwatchd.simulator.server import RawJson, cut_connection

CONTROL_PATH = "/_sim/"


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


class FaultyApp:
    """Answers instead of the API, or spoils the API's answer, wherever the injector says so; never below `/_sim/`."""

    def __init__(self, app: ASGIApp, faults: FaultInjector, dialect: Dialect, clock: Clock) -> None:
        self._app = app
        self._faults = faults
        self._dialect = dialect
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI says."""
        path = scope["path"]
        fault = None if path.startswith(CONTROL_PATH) else self._faults.draw(path)
        if fault is None:
            await self._app(scope, receive, send)
        elif (answer := self._instead(fault)) is not None:
            await answer(scope, receive, send)
        elif fault.kind is FaultKind.CUT:
            await cut_connection(scope, receive)
        elif fault.kind is FaultKind.SLOW:
            await self._clock.sleep(fault.delay_s)
            await self._app(scope, receive, send)
        else:
            await self._spoil(fault.kind, scope, receive, send)

    def _instead(self, fault: Fault) -> Response | None:
        match fault.kind:
            case FaultKind.RATE_LIMITED:
                return Response("Too Many Requests", 429, self._retry_after(fault), "text/plain")
            case FaultKind.SERVER_ERROR:
                status = self._faults.random.choice((500, 502, 503))
                return HTMLResponse(f"<html><body><h1>{status}</h1><hr>proxy</body></html>", status)
            case FaultKind.ENVELOPE_ERROR:
                return RawJson(self._faults.random.choice(self._dialect.envelope_errors))
            case FaultKind.NOT_FOUND:
                return RawJson(self._dialect.not_found, 404)
            case FaultKind.GARBAGE:
                # No text begins with these two bytes in any encoding of JSON.
                return RawJson(b"\xfe\x00" + self._faults.random.randbytes(64))
            case _:
                return None

    def _retry_after(self, fault: Fault) -> dict[str, str]:
        if fault.retry_after_s is None:
            return {}
        if fault.retry_after_form is RetryAfterForm.SECONDS:
            return {"retry-after": str(ceil(fault.retry_after_s))}
        at = self._clock.now() + timedelta(seconds=fault.retry_after_s)
        return {"retry-after": format_datetime(at, usegmt=True)}

    async def _spoil(self, kind: FaultKind, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = b""

        async def keep(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")

        await self._app(scope, receive, keep)
        if kind is FaultKind.CUT_BODY:
            await send(start)
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await cut_connection(scope, receive)
            return
        if kind is FaultKind.TRUNCATED:
            body = body[: self._faults.random.randrange(1, len(body))]
        elif (b"content-type", RawJson.media_type.encode()) in start["headers"]:
            body = tampered(body, kind, self._dialect, self._faults.random)
        headers = [header for header in start["headers"] if header[0] != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": body})
