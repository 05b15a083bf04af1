"""What can go wrong with an answer, when, and how often, by seeded chance; and how it is made to happen."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from enum import StrEnum
from math import ceil
from random import Random
from typing import Annotated, Any, ClassVar

import orjson
from pydantic import ConfigDict, Field
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobwatchd.ports import Clock
from jobwatchd.simulator.job import NativeStatus
from jobwatchd.simulator.server import RawJson, cut_connection

CONTROL_PATH = "/_sim/"


class FaultKind(StrEnum):
    """The ways in which a request goes wrong."""

    RATE_LIMITED = "rate_limited"
    """429 with Retry-After."""
    SERVER_ERROR = "server_error"
    """500, 502 or 503 with an HTML page, as a proxy shows it."""
    ENVELOPE_ERROR = "envelope_error"
    """An error code under HTTP 200; only where the API has an envelope."""
    NOT_FOUND = "not_found"
    """The API's own not-found answer, whatever was asked for."""
    SLOW = "slow"
    """The right answer, late."""
    CUT = "cut"
    """The connection ends before the first byte of the answer."""
    CUT_BODY = "cut_body"
    """The connection ends in the middle of the body."""
    GARBAGE = "garbage"
    """Bytes that are no text, called JSON."""
    TRUNCATED = "truncated"
    """JSON that breaks off; the Content-Length is right."""
    UNKNOWN_STATUS = "unknown_status"
    """The right answer, but the job has a status that is in no documentation."""
    WRONG_TYPES = "wrong_types"
    """Valid JSON in which a part is of another type than documented."""


class RetryAfterForm(StrEnum):
    """The two forms of Retry-After: RFC 9110, section 10.2.3."""

    SECONDS = "seconds"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault: hits `fraction` of the requests between `from_s` and `until_s`, at most `times` of them.

    Seconds count from the moment at which the faults were set. `retry_after_s` goes with `rate_limited`, and None
    leaves the header out; `delay_s` goes with `slow`. `path` limits the fault to requests whose path contains it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: FaultKind
    fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
    from_s: Annotated[float, Field(ge=0)] = 0.0
    until_s: float | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    path: str = ""
    retry_after_s: Annotated[float, Field(ge=0)] | None = 1.0
    retry_after_form: RetryAfterForm = RetryAfterForm.SECONDS
    delay_s: Annotated[float, Field(ge=0)] = 5.0

    def is_open(self, elapsed_s: float) -> bool:
        """Whether the fault may hit `elapsed_s` seconds after it was set."""
        return self.from_s <= elapsed_s and (self.until_s is None or elapsed_s < self.until_s)


class FaultInjector:
    """Chooses at most one fault for each request; the same seed, times and requests give the same faults.

    `faults` are those that are set, open or not, `counts` says how often each kind has hit since the start, and
    `random` is the chance that shapes a faulty answer. Fractions of faults that are open at the same time add up, so
    that two of 0.1 make every fifth request fail.
    """

    def __init__(self, clock: Clock, seed: int, *, has_envelope: bool) -> None:
        self.counts: Counter[FaultKind] = Counter()
        self.random = Random(seed)  # noqa: S311 - repeatable chance is the point
        self._clock = clock
        self._has_envelope = has_envelope
        self.faults: tuple[Fault, ...] = ()
        self._hits: list[int] = []
        self._since = 0.0

    def set(self, *faults: Fault) -> None:
        """Replace all faults by these, none for a healthy API; raises ValueError for one that the API cannot have."""
        if not self._has_envelope and any(fault.kind is FaultKind.ENVELOPE_ERROR for fault in faults):
            raise ValueError("this API has no envelope, so envelope_error cannot happen")
        self.faults = faults
        self._hits = [0] * len(faults)
        self._since = self._clock.monotonic()

    def draw(self, path: str) -> Fault | None:
        """Return the fault that hits the next request, to `path`; None for none."""
        if not self.faults:
            return None
        elapsed_s = self._clock.monotonic() - self._since
        chance = self.random.random()
        for place, fault in enumerate(self.faults):
            if not fault.is_open(elapsed_s) or fault.path not in path or self._hits[place] == fault.times:
                continue
            if chance < fault.fraction:
                self._hits[place] += 1
                self.counts[fault.kind] += 1
                return fault
            chance -= fault.fraction
        return None


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
