"""What secrets are made of, for those that come from files: read again, they are checked as at the start."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from jobwatchd.description import Credentials
from jobwatchd.description.credentials import BASIC
from jobwatchd.errors import ConfigError
from jobwatchd.kinds.http import CredentialSettings, unsendable_credentials
from jobwatchd.model.api_token import name_tokens
from jobwatchd.rotation import Contents, Recipe
from jobwatchd.settings.files import UnreadableError, decode_secret, decode_secrets
from jobwatchd.settings.server import ServerSettings
from jobwatchd.settings.sinks import WebhookSinkSettings
from jobwatchd.settings.sources import NebulaExplorerSettings, TelestreamUpSettings
from jobwatchd.values.secrets import SIGNING_PREFIX

FILE_KEYS: Mapping[str, str] = {
    "password": "password_file",
    "api_key": "api_key_file",
    "token": "token_file",
    "client_secret": "client_secret_file",
    "secrets": "secret_files",
    "tokens": "tokens_file",
}
"""The keys that name the files of secrets, by the key of the secret."""


def without_filed_secrets(section: BaseModel) -> BaseModel:
    """Return a section without the secrets that come from files; those may change while the configuration does not."""
    filed = [key for key, file_key in FILE_KEYS.items() if getattr(section, file_key, None)]
    return section.model_copy(update=dict.fromkeys(filed))


def password_recipe(name: str, section: NebulaExplorerSettings) -> Recipe[str]:
    """Return how the password of a source is made."""

    def travels(password: str) -> tuple[str, ...]:
        return password, base64.b64encode(f"{section.account}:{password}".encode()).decode()

    place = f"sources.{name}.password"
    return Recipe(place, _files(section, "password"), lambda found: _one(section, place, found, "password"), travels)


def api_key_recipe(name: str, section: TelestreamUpSettings) -> Recipe[str]:
    """Return how the API key of a source is made."""
    place = f"sources.{name}.api_key"
    return Recipe(
        place, _files(section, "api_key"), lambda found: _one(section, place, found, "api_key"), lambda key: (key,)
    )


def credentials_recipe(place: str, section: CredentialSettings) -> Recipe[Credentials]:
    """Return how the credentials of a source or sink are made; `place` is its path."""
    files = {**_files(section, "password"), **_files(section, "token"), **_files(section, "client_secret")}

    def make(found: Contents) -> Credentials:
        read = {key: _one(section, f"{place}.{key}", found, key) for key in files}
        credentials = replace(section.credentials(), **read)
        for key in unsendable_credentials(section.auth, credentials):
            raise ConfigError(f"{place}.{key}: it travels in an HTTP header; expected printable ASCII")
        return credentials

    return Recipe(place, files, make, _secrets_of)


def _secrets_of(credentials: Credentials) -> tuple[str, ...]:
    given = (credentials.password, credentials.token, credentials.client_secret)
    pairs = (credentials.values().get(BASIC), credentials.client_basic if credentials.client_secret else None)
    return tuple(secret for secret in (*given, *pairs) if secret)


def signing_recipe(name: str, section: WebhookSinkSettings) -> Recipe[tuple[str, ...]]:
    """Return how the signing secrets of a webhook are made."""
    place = f"sinks.{name}.secrets"

    def travels(secrets: tuple[str, ...]) -> tuple[str, ...]:
        return *secrets, *(secret.removeprefix(SIGNING_PREFIX) for secret in secrets)

    files = {str(file): file for file in section.secret_files}
    return Recipe(place, files, lambda found: _many(section, "secrets", place, found), travels)


def tokens_recipe(section: ServerSettings) -> Recipe[Mapping[str, str]]:
    """Return how the tokens of the API are made, by their names."""
    place = "server.tokens"
    files = {} if section.tokens_file is None else {str(section.tokens_file): section.tokens_file}
    return Recipe(
        place, files, lambda found: name_tokens(_many(section, "tokens", place, found)), lambda tokens: tokens.values()
    )


def _files(section: BaseModel, key: str) -> Mapping[str, Path]:
    file = getattr(section, FILE_KEYS[key])
    return {} if file is None else {key: file}


def _one(section: BaseModel, place: str, found: Contents, key: str) -> str:
    file = getattr(section, FILE_KEYS[key])
    secret: SecretStr = _checked(section, key, place, lambda: decode_secret(found[key], file))
    return secret.get_secret_value()


def _many(section: BaseModel, key: str, place: str, found: Contents) -> tuple[str, ...]:
    def read() -> list[str]:
        return [secret for file, content in found.items() for secret in decode_secrets(content, Path(file))]

    secrets: tuple[SecretStr, ...] = _checked(section, key, place, read)
    return tuple(secret.get_secret_value() for secret in secrets)


def _checked(section: BaseModel, key: str, place: str, read: Any) -> Any:
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
