"""What secrets are made of, for those that come from files: read again, they are checked as at the start."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from jobwatchd.description import Credentials
from jobwatchd.errors import ConfigError
from jobwatchd.kinds.http import CredentialSettings, unsendable_credentials
from jobwatchd.kinds.secrets import Shape, UnreadableError, decode_secret, decode_secrets, secret_fields, secrets_in
from jobwatchd.rotation import Contents, Recipe

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
