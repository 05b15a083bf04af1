"""The secrets of a section, found by their types: no list names them, so that none is forgotten."""

import base64
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin
from urllib.parse import quote

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from jobwatchd.model.api_token import secret_lines
from jobwatchd.values.secrets import SIGNING_PREFIX

LOGIN_NAMES = ("account", "username", "client_id")
"""What a login calls the one who logs in."""
_SECRETS = (SecretStr, SecretBytes, Secret)
_SCHEME = re.compile(r"^(?:bearer|basic|token|key|api-?key)\s+(?=\S+$)", re.IGNORECASE)


class Shape(Enum):
    """What the file of a secret is: one secret, a file of one secret a line, or a list of such files."""

    ONE = "one"
    LINES = "lines"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class SecretField:
    """A secret, or several, that may be in a file; `file_key` names the key for its name, None where there is none."""

    key: str
    file_key: str | None
    shape: Shape


@cache
def secret_fields(model: type[BaseModel]) -> tuple[SecretField, ...]:
    """Return the secrets of a section that may come from files.

    A secret has its file under its own name and `_file`; several have one file under it, or a list of them under the
    name of one and `_files`.
    """
    return tuple(_secret_fields(model))


def _secret_fields(model: type[BaseModel]) -> Iterator[SecretField]:
    for key, field in model.model_fields.items():
        kinds = [each for each in parts(field.annotation) if each is not type(None)]
        if not kinds or not all(is_secret(each) for each in kinds):
            continue
        several = any(get_origin(each) in {tuple, list} for each in kinds)
        if not several and any(get_origin(each) is not None for each in kinds):
            continue  # a mapping of secrets has no one file
        shapes = {f"{key}_file": Shape.LINES if several else Shape.ONE}
        if several:
            shapes[f"{key.removesuffix('s')}_files"] = Shape.FILES
        file_key = next((name for name in shapes if name in model.model_fields), None)
        yield SecretField(key, file_key, shapes[file_key] if file_key else Shape.LINES if several else Shape.ONE)


def is_secret(annotation: Any) -> bool:
    """Whether there are secrets in the values of a type, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, _SECRETS):
        return True
    return any(is_secret(part) for part in get_args(annotation))


def parts(annotation: Any) -> Iterator[Any]:
    """Yield what a value may be, without what is only told about it."""
    if hasattr(annotation, "__metadata__"):
        yield from parts(get_args(annotation)[0])
    elif get_origin(annotation) is None or get_origin(annotation) in {tuple, list, dict, set, frozenset}:
        yield annotation
    else:
        for part in get_args(annotation):
            yield from parts(part)


def secrets_in(value: object) -> Iterator[str]:
    """Yield every secret in a value, in the clear, and the pairs of name and secret as logins send them."""
    if isinstance(value, _SECRETS):
        found = value.get_secret_value()
        secret = found.decode(errors="replace") if isinstance(found, bytes) else str(found)
        # Of a header `Bearer abc` the token alone, of a signing secret what follows its prefix.
        yield from {secret, _SCHEME.sub("", secret), secret.removeprefix(SIGNING_PREFIX)}
    elif isinstance(value, BaseModel):
        members = dict(iter(value))  # a section may have a key that is called `keys`
        yield from _pairs(members)
        yield from secrets_in(members)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from secrets_in([getattr(value, field.name) for field in fields(value)])
    elif isinstance(value, Mapping):
        yield from secrets_in([*value.keys(), *value.values()])
    elif isinstance(value, Collection) and not isinstance(value, str | bytes):
        for member in value:
            yield from secrets_in(member)


def _pairs(members: Mapping[str, Any]) -> Iterator[str]:
    for name in (members[key] for key in LOGIN_NAMES if members.get(key)):
        for member in members.values():
            if isinstance(member, SecretStr):
                secret = member.get_secret_value()
                yield _basic(name, secret)
                yield _basic(quote(name, safe=""), quote(secret, safe=""))


def _basic(name: str, secret: str) -> str:
    return base64.b64encode(f"{name}:{secret}".encode()).decode()


MAX_SECRET_SIZE = 65_536


class UnreadableError(Exception):
    """A file cannot be used; the text names it and says why, never what is in it."""


def decode_secret(raw: bytes, file: Path) -> str:
    """Return what a file's content is as text, without the line end at its end; raises `UnreadableError`."""
    if len(raw) > MAX_SECRET_SIZE:
        raise UnreadableError(f"the file {file} is larger than {MAX_SECRET_SIZE} bytes; expected less")
    if raw.startswith(BOM_UTF8):
        raise UnreadableError(f"the file {file} begins with a byte order mark (BOM); save it as UTF-8 without one")
    if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise UnreadableError(f"the file {file} is not UTF-8, but UTF-16; save it as UTF-8")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise UnreadableError(f"the file {file} is not UTF-8; expected text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise UnreadableError(f"the file {file} is empty; expected text")
    return text


def decode_secrets(raw: bytes, file: Path) -> list[str]:
    """Return the secrets of a file that has one a line, and comments; raises `UnreadableError`."""
    secrets = secret_lines(decode_secret(raw, file))
    if not secrets:
        raise UnreadableError(f"the file {file} holds only comments; expected one secret a line")
    return secrets
