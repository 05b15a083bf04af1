"""Secret values: never shown, and checked for what would break the request that carries them."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer, SecretStr

from jobwatchd.model.api_token import split_token
from jobwatchd.values.names import EXPECTED_NAME, is_name

MASK = "********"
MIN_TOKEN_LENGTH = 16
MIN_SIGNING_BYTES = 16
SIGNING_PREFIX = "whsec_"


def _text_of(secret: SecretStr) -> str:
    value = secret.get_secret_value()
    if value.startswith("\ufeff"):
        raise ValueError("the secret begins with a byte order mark (BOM), which cannot be seen; expected it without")
    return value


def _check_password(secret: SecretStr) -> SecretStr:
    value = _text_of(secret)
    if not value:
        raise ValueError("the secret is empty")
    if not value.isprintable():
        raise ValueError("the secret holds control characters, such as a line break; expected a single line")
    return secret


def _check_header(secret: SecretStr) -> SecretStr:
    # It travels in a header, where anything else is refused or read differently by each server.
    value = _text_of(secret)
    if not value or not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError(
            "the secret travels in an HTTP header; expected printable ASCII, not empty, no blanks around it"
        )
    return secret


def _check_token(secret: SecretStr) -> SecretStr:
    name, value = split_token(_text_of(secret))
    if name is not None and not is_name(name):
        # Not quoted: where name and token were exchanged, it is a secret.
        raise ValueError(f"the name of a token cannot be used; {EXPECTED_NAME}; then a colon, a blank, and the token")
    if len(value) < MIN_TOKEN_LENGTH or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(
            f"a token cannot be used; expected at least {MIN_TOKEN_LENGTH} printable ASCII characters without blanks"
        )
    return secret


def _check_signing(secret: SecretStr) -> SecretStr:
    encoded = _text_of(secret).removeprefix(SIGNING_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < MIN_SIGNING_BYTES:
        raise ValueError(
            f"a signing secret cannot be used; expected {SIGNING_PREFIX} and base64 of 24 to 64 random bytes "
            f"(at least {MIN_SIGNING_BYTES}), as the Standard Webhooks specification has it"
        )
    return secret


_MASKED = PlainSerializer(lambda _: MASK, return_type=str, when_used="json")
Password = Annotated[SecretStr, AfterValidator(_check_password), _MASKED]
HeaderSecret = Annotated[SecretStr, AfterValidator(_check_header), _MASKED]
Token = Annotated[SecretStr, AfterValidator(_check_token), _MASKED]
SigningSecret = Annotated[SecretStr, AfterValidator(_check_signing), _MASKED]
