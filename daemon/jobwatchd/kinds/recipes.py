"""What secrets are made of, for those that come from files: read again, they are checked as at the start."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from jobwatchd.description import Credentials
from jobwatchd.errors import ConfigError
from jobwatchd.kinds.http import CredentialSettings, unsendable_credentials
from jobwatchd.kinds.secrets import UnreadableError, decode_secret, decode_secrets, secret_fields, secrets_in
from jobwatchd.rotation import Contents, Recipe

M = TypeVar("M", bound=BaseModel)


def without_filed_secrets(section: M) -> M:
    """Return a section without the secrets that come from files; those may change while the configuration does not."""
    filed = {each.key: None for each in secret_fields(type(section)) if _file_of(section, each.file_key)}
    inner = {key: without_filed_secrets(value) for key, value in section if isinstance(value, BaseModel)}
    return section.model_copy(update={**inner, **filed})


def secret_recipe(place: str, section: BaseModel, key: str) -> Recipe[str]:
    """Return how one secret of a section is made; `place` is the path of the section."""
    place = f"{place}.{key}"
    return Recipe(
        place,
        _files(section, key),
        lambda found: _one(section, place, found, key),
        lambda secret: _known(section, {key: secret}),
    )


def secrets_recipe(place: str, section: BaseModel, key: str) -> Recipe[tuple[str, ...]]:
    """Return how several secrets of a section are made, which are under one key; `place` is the path of the section."""
    place = f"{place}.{key}"
    return Recipe(
        place,
        _files(section, key),
        lambda found: _many(section, place, found, key),
        lambda secrets: _known(section, {key: secrets}),
    )


def credentials_recipe(place: str, section: CredentialSettings) -> Recipe[Credentials]:
    """Return how the credentials of a source or sink are made; `place` is its path."""
    keys = [each.key for each in secret_fields(CredentialSettings)]
    files = {key: file for key in keys for file in _files(section, key).values()}

    def make(found: Contents) -> Credentials:
        read = {key: _one(section, f"{place}.{key}", {key: found[key]}, key) for key in files}
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


def _one(section: BaseModel, place: str, found: Contents, key: str) -> str:
    [file] = _files(section, key).values()
    secret: SecretStr = _checked(section, key, place, lambda: decode_secret(next(iter(found.values())), file))
    return secret.get_secret_value()


def _many(section: BaseModel, place: str, found: Contents, key: str) -> tuple[str, ...]:
    def read() -> list[str]:
        return [secret for file, content in found.items() for secret in decode_secrets(content, Path(file))]

    secrets: tuple[SecretStr, ...] = _checked(section, key, place, read)
    return tuple(secret.get_secret_value() for secret in secrets)


def _checked(section: BaseModel, key: str, place: str, read: Callable[[], object]) -> Any:
    """Return a secret as the configuration checks it; raises `ConfigError`, which quotes nothing."""
    try:
        return _adapter(type(section), key).validate_python(read())
    except UnreadableError as exc:
        raise ConfigError(f"{place}: {exc}") from None
    except ValidationError as exc:
        told = exc.errors(include_url=False, include_input=False, include_context=False)[0]["msg"]
        raise ConfigError(f"{place}: {told.removeprefix('Value error, ')}") from None


@cache
def _adapter(model: type[BaseModel], key: str) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(model, include_extras=True)[key])
