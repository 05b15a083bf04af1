"""A webhook receiver: verifies signatures, remembers what came, and fails when it is told to.

`POST /hooks` takes webhooks, `GET /events` tells what was taken. The caller runs the app with `server.serve`;
`ReceiverState` can be looked at in the same process.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import orjson
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from jobwatchd.clock import SystemClock
from jobwatchd.ports import Clock
from jobwatchd.simulator.server import cut_connection, json_answer


class ReceiverFault(StrEnum):
    """One way of not taking a webhook."""

    SERVER_ERROR = "server_error"
    """500"""
    BUSY = "busy"
    """503 with a Retry-After"""
    RATE_LIMITED = "rate_limited"
    """429"""
    CUT = "cut"
    """The connection ends in the middle of a 200."""
    SLOW = "slow"
    """Taken, but answered only after `slow_s`, perhaps too late for the sender, who then tries again."""


@dataclass(frozen=True, slots=True)
class Received:
    """A webhook that was taken, when it came for the first time."""

    id: str
    type: str
    subject: str
    sequence: int


@dataclass(slots=True)
class ReceiverState:
    """What the receiver was told to do, and what came.

    `fail_fraction` of the requests meet one of `faults`, chosen by `seed`; with `go_down` all of them do for a while.
    A webhook is taken when any of `secrets` verifies it; without secrets, any is. `received` holds each event once, by
    id, in the order of arrival; `attempts` counts the verified requests per id, `taken` those that were taken, more
    than one where the sender did not learn that it was. `refused` counts answers other than 200 by their status, cut
    connections as 0.
    """

    secrets: Sequence[str] = ()
    fail_fraction: float = 0.0
    faults: Sequence[ReceiverFault] = tuple(ReceiverFault)
    seed: int = 0
    slow_s: float = 2.0
    retry_after_s: int = 1
    clock: Clock = field(default_factory=SystemClock)
    received: dict[str, Received] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    _down_until: float = field(default=float("-inf"), init=False)
    _random: random.Random = field(init=False)
    _webhooks: list[Webhook] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 faults are to be repeatable
        self._webhooks = [Webhook(secret) for secret in self.secrets]

    def go_down(self, for_s: float) -> None:
        """Answer 503 to everything for so many seconds, then recover."""
        self._down_until = self.clock.monotonic() + for_s

    @property
    def is_down(self) -> bool:
        """Whether the time given to `go_down` still runs."""
        return self.clock.monotonic() < self._down_until

    def by_subject(self) -> dict[str, list[Received]]:
        """Return what was received per subject, in the order of arrival."""
        subjects: dict[str, list[Received]] = {}
        for received in self.received.values():
            subjects.setdefault(received.subject, []).append(received)
        return subjects

    def next_fault(self) -> ReceiverFault | None:
        """Return how the next request is to fail, None if it is not."""
        if not self.faults or self._random.random() >= self.fail_fraction:
            return None
        return self._random.choice(self.faults)

    def verifies(self, body: bytes, headers: dict[str, str]) -> bool:
        """Whether a secret of ours made one of the signatures, within the last five minutes."""
        return not self._webhooks or any(_verifies(webhook, body, headers) for webhook in self._webhooks)

    def take(self, event: dict[str, Any]) -> None:
        """Remember a CloudEvent; one whose id came before is only counted."""
        event_id = event["id"]
        self.taken[event_id] += 1
        if event_id not in self.received:
            self.received[event_id] = Received(event_id, event["type"], event["subject"], int(event["sequence"]))


def receiver_app(state: ReceiverState) -> Starlette:
    """Return the receiver as an ASGI app, for `server.serve`."""

    async def take(request: Request) -> Response:
        body = await request.body()
        if not state.verifies(body, dict(request.headers)):
            return _refuse(state, 401)
        event = _cloud_event(body, request.headers.get("webhook-id"))
        if event is None:
            return _refuse(state, 400)
        state.attempts[event["id"]] += 1
        if state.is_down:
            return _refuse(state, 503)
        return await _answer(state, event)

    async def tell(_: Request) -> Response:
        events = [
            {**asdict(received), "attempts": state.attempts[received.id], "taken": state.taken[received.id]}
            for received in state.received.values()
        ]
        refused = {str(status): count for status, count in state.refused.items()}
        return json_answer({"events": events, "refused": refused})

    return Starlette(routes=[Route("/hooks", take, methods=["POST"]), Route("/events", tell, methods=["GET"])])


async def _answer(state: ReceiverState, event: dict[str, Any]) -> Response:
    match state.next_fault():
        case ReceiverFault.SERVER_ERROR:
            return _refuse(state, 500)
        case ReceiverFault.BUSY:
            return _refuse(state, 503, {"retry-after": str(state.retry_after_s)})
        case ReceiverFault.RATE_LIMITED:
            return _refuse(state, 429, {"retry-after": str(state.retry_after_s)})
        case ReceiverFault.CUT:
            state.refused[0] += 1
            return _Cut()
        case ReceiverFault.SLOW:
            await state.clock.sleep(state.slow_s)
    state.take(event)
    return Response()


def _refuse(state: ReceiverState, status: int, headers: dict[str, str] | None = None) -> Response:
    state.refused[status] += 1
    return Response(status_code=status, headers=headers)


class _Cut(Response):
    """Promises a body, and ends the connection instead of sending it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"10")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await cut_connection(scope, receive)


def _verifies(webhook: Webhook, body: bytes, headers: dict[str, str]) -> bool:
    try:
        webhook.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError is what the library raises for a garbled header
        return False
    return True


def _cloud_event(body: bytes, webhook_id: str | None) -> dict[str, Any] | None:
    """Return the CloudEvent in a body, None where it is none or is not the one that the header names."""
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(event, dict) or event.get("id") != webhook_id:
        return None
    whole = all(isinstance(event.get(name), str) for name in ("id", "type", "subject", "sequence"))
    return event if whole and event["sequence"].isdecimal() else None
