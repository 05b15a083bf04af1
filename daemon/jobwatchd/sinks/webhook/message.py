"""What a webhook sends of an event: CloudEvents 1.0 over HTTP, with the headers of Standard Webhooks."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from urllib.parse import quote

import orjson
import standardwebhooks
from standardwebhooks.webhooks import EmptyWebhookSecretError

from jobwatchd.errors import ConfigError
from jobwatchd.model.event import Event
from jobwatchd.model.facts import ID_BYTES, instant
from jobwatchd.sinks.event_data import bounded_key, event_data

Mode = Literal["structured", "binary"]
MAX_BODY = 20_000
# What a header may carry as it is: visible ASCII, but for the quote and the percent sign.
_SAFE = "".join(character for character in map(chr, range(0x21, 0x7F)) if character not in '"%')


class Message(NamedTuple):
    """What is sent of an event, without its content type."""

    headers: Mapping[str, str]
    body: bytes


def cloud_event(event: Event, mode: Mode = "structured") -> Message:
    """Return `event` as CloudEvents JSON: less than 20 kB of UTF-8, the same for the same event every time.

    `id` is the event's, the same on every retry. `time` is when it happened by the remote system's clock, where that is
    known, else when it was seen; `data` holds both. `subject` is the job's key, or the source's name. `sequence` is the
    extension of that name: events of one subject sort by it as text. `data` is told in `event_data`.

    In structured mode the body holds all of it. In binary mode the body is `data`, and the rest are headers, encoded as
    section 3.1.3.2 of the CloudEvents HTTP protocol binding 1.0.2 has it.
    """
    # By hand, and read back by the library in a test: to build and check its object costs more than all the rest.
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/jobwatchd/sources/{quote(bounded_key(event.source, ID_BYTES), safe='')}",
        "type": f"dev.jobwatchd.{event.type}.v1",
        "subject": bounded_key(event.subject),
        "time": instant(event.occurred_at or event.observed_at),
    }
    # The extension asks for text that sorts in order, hence the leading zeros.
    sequence = f"{event.sequence:010d}"
    if mode == "structured":
        more = {"datacontenttype": "application/json", "sequence": sequence, "data": event_data(event)}
        return Message({}, orjson.dumps({**attributes, **more}))
    pairs = {**attributes, "sequence": sequence}.items()
    headers = {f"ce-{name}": quote(str(value), safe=_SAFE) for name, value in pairs}
    return Message(headers, orjson.dumps(event_data(event)))


class Signer:
    """Signs bodies with every secret it is given: the first is the one in use, the others are being rotated out.

    A secret is `whsec_` and base64, base64 alone, or the key's own bytes. Raises `ConfigError` for one that is none of
    these; the message names `place` and which secret it is, never the secret.
    """

    def __init__(self, secrets: Sequence[str | bytes], place: str) -> None:
        self._webhooks = [_webhook(secret, f"{place}: secret {number}") for number, secret in enumerate(secrets, 1)]

    def headers(self, event_id: str, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers of an attempt made at `now`; without secrets, those that a signature would cover.

        `body` is JSON as ASCII or UTF-8. See https://www.standardwebhooks.com, "Webhook headers".
        """
        # The library takes the digits of the time for UTC, whatever its zone says.
        utc = now.astimezone(UTC)
        headers = {"webhook-id": event_id, "webhook-timestamp": str(int(utc.timestamp()))}
        if self._webhooks:
            text = body.decode()
            headers["webhook-signature"] = " ".join(webhook.sign(event_id, utc, text) for webhook in self._webhooks)
        return headers


def _webhook(secret: str | bytes, place: str) -> standardwebhooks.Webhook:
    with suppress(ValueError, RuntimeError, EmptyWebhookSecretError):
        return standardwebhooks.Webhook(secret)
    # Not chained: the library's frames hold the secret, and a traceback may show what frames hold.
    raise ConfigError(f"{place} is not a webhook secret; expected whsec_ and base64, or base64 alone")
