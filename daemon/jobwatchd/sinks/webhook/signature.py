"""The Standard Webhooks headers: by which a receiver knows who sent a webhook, and that it is new."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import standardwebhooks
from standardwebhooks.webhooks import EmptyWebhookSecretError

from jobwatchd.errors import ConfigError


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
