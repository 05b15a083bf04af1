"""The Standard Webhooks headers."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from jobwatchd.errors import ConfigError
from jobwatchd.sinks.webhook.message import Signer

OLD = "whsec_" + base64.b64encode(b"old secret of 24 bytes..").decode()
NEW = "whsec_" + base64.b64encode(b"new secret of 24 bytes..").decode()
BODY = b'{"id": "e1"}'


@pytest.mark.parametrize("secret", [NEW, OLD])
def test_either_secret_verifies_while_one_is_rotated(secret: str) -> None:
    """A receiver that knows only one of the two accepts."""
    headers = Signer([NEW, OLD], "here").headers("e1", BODY, datetime.now(UTC))
    assert Verifier(secret).verify(BODY, headers) == {"id": "e1"}


def test_the_first_secret_signs_first() -> None:
    """Receivers that look at one signature only see that of the secret in use."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    both, first = (Signer(secrets, "here").headers("e1", BODY, now) for secrets in ([NEW, OLD], [NEW]))
    assert both["webhook-signature"].split(" ")[0] == first["webhook-signature"]
    assert len(both["webhook-signature"].split(" ")) == 2


def test_another_body_does_not_verify() -> None:
    """The signature covers the body."""
    headers = Signer([NEW], "here").headers("e1", BODY, datetime.now(UTC))
    with pytest.raises(WebhookVerificationError):
        Verifier(NEW).verify(BODY + b" ", headers)


def test_the_time_is_that_of_the_attempt_in_whole_seconds() -> None:
    """Fractions are dropped."""
    now = datetime.fromtimestamp(1_700_000_000.9, UTC)
    assert Signer([NEW], "here").headers("e1", BODY, now)["webhook-timestamp"] == "1700000000"


def test_the_zone_of_the_clock_does_not_matter() -> None:
    """The library reads a time's digits as UTC; a clock in another zone must not break the signature."""
    now = datetime.now(UTC)
    elsewhere = now.astimezone(timezone(timedelta(hours=9)))
    signer = Signer([NEW], "here")
    assert signer.headers("e1", BODY, elsewhere) == signer.headers("e1", BODY, now)


def test_a_key_can_be_given_as_bytes_or_as_bare_base64() -> None:
    """All spellings of one key sign alike."""
    spellings: list[str | bytes] = [NEW, NEW.removeprefix("whsec_"), b"new secret of 24 bytes.."]
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert len({Signer([secret], "here").headers("e1", BODY, now)["webhook-signature"] for secret in spellings}) == 1


def test_without_secrets_nothing_is_signed() -> None:
    """The id and the time are still told."""
    headers = Signer([], "here").headers("e1", BODY, datetime(2026, 3, 1, tzinfo=UTC))
    assert headers == {"webhook-id": "e1", "webhook-timestamp": "1772323200"}


@pytest.mark.parametrize("secret", ["", "whsec_", "plant", "whsec_ünsinn", b""])
def test_an_unusable_secret_is_a_mistake_of_the_configuration(secret: str | bytes) -> None:
    """The message says where, and neither it nor what it is chained to says what."""
    with pytest.raises(ConfigError, match=r"^webhook sink ci: secret 2 is not a webhook secret") as caught:
        Signer([NEW, secret], "webhook sink ci")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "plant" not in str(caught.value)
    assert "nsinn" not in str(caught.value)
