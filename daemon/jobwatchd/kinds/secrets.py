"""The secrets of a section, found by their types: no list names them, so that none is forgotten.

Those that come from files are read again while they are in use, and checked as at the start.
"""

import base64
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import quote

from pydantic import BaseModel, Secret, SecretBytes, SecretStr, TypeAdapter, ValidationError

from jobwatchd.description import Credentials
from jobwatchd.errors import ConfigError
from jobwatchd.kinds.http import CredentialSettings, unsendable_credentials
from jobwatchd.model.api_token import secret_lines
from jobwatchd.rotation import Contents, Recipe
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


M = TypeVar("M", bound=BaseModel)


def without_filed_secrets(section: M) -> M:
    """Return a section without the secrets that come from files; those may change while the configuration does not."""
    filed = {each.key: None for each in secret_fields(type(section)) if _file_of(section, each.file_key)}
    inner = {key: without_filed_secrets(value) for key, value in section if isinstance(value, BaseModel)}
    return section.model_copy(update={**inner, **filed})


def secret_recipe(place: str, section: BaseModel, key: str) -> Recipe[Any]:
    """Return how the secret under a key is made, or the tuple of those there; `place` is the path of the section."""
    place = f"{place}.{key}"
    return Recipe(
        place,
        _files(section, key),
        lambda found: _made(section, place, key, found),
        lambda made: _known(section, {key: made}),
    )


def credentials_recipe(place: str, section: CredentialSettings) -> Recipe[Credentials]:
    """Return how the credentials of a source or sink are made; `place` is its path."""
    keys = [each.key for each in secret_fields(CredentialSettings)]
    files = {key: file for key in keys for file in _files(section, key).values()}

    def make(found: Contents) -> Credentials:
        read = {key: _made(section, f"{place}.{key}", key, {str(files[key]): found[key]}) for key in files}
        credentials = replace(section.credentials(), **read)
        for key in unsendable_credentials(section.auth, credentials):
            raise ConfigError(f"{place}.{key}: it travels in an HTTP header; expected printable ASCII")
        return credentials

    return Recipe(place, files, make, lambda made: _known(section, {key: getattr(made, key) for key in keys}))


def _known(section: BaseModel, made: Mapping[str, str | tuple[str, ...]]) -> tuple[str, ...]:
    """Return every form of the secrets that were made for a section, and of those that it has besides."""
    update = {
        key: SecretStr(value) if isinstance(value, str) else tuple(map(SecretStr, value))
        for key, value in made.items()
        if value
    }
    return tuple(secrets_in(section.model_copy(update=update)))


def _file_of(section: BaseModel, file_key: str | None) -> Any:
    return getattr(section, file_key) if file_key is not None else None


def _files(section: BaseModel, key: str) -> Mapping[str, Path]:
    named = next((_file_of(section, each.file_key) for each in secret_fields(type(section)) if each.key == key), None)
    files = () if named is None else named if isinstance(named, tuple | list) else (named,)
    return {str(file): file for file in files}


def _made(section: BaseModel, place: str, key: str, found: Contents) -> Any:
    """Return a secret, or several, as the configuration checks them; raises `ConfigError`, which quotes nothing."""
    one = next(each.shape is Shape.ONE for each in secret_fields(type(section)) if each.key == key)
    read: list[str] = []
    try:
        for file, content in found.items():
            read += [decode_secret(content, Path(file))] if one else decode_secrets(content, Path(file))
        made = _adapter(type(section), key).validate_python(read[0] if one else read)
    except UnreadableError as exc:
        raise ConfigError(f"{place}: {exc}") from None
    except ValidationError as exc:
        told = exc.errors(include_url=False, include_input=False, include_context=False)[0]["msg"]
        raise ConfigError(f"{place}: {told.removeprefix('Value error, ')}") from None
    return made.get_secret_value() if one else tuple(secret.get_secret_value() for secret in made)


@cache
def _adapter(model: type[BaseModel], key: str) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(model, include_extras=True)[key])
