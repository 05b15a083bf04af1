"""Puts the layers of the configuration together, and tells all mistakes at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from jobwatchd.errors import ConfigError
from jobwatchd.settings.crosschecks import cross_check
from jobwatchd.settings.document import read_document
from jobwatchd.settings.environment import PREFIX, overlay
from jobwatchd.settings.files import Folders
from jobwatchd.settings.places import KeyPath, Places, dotted
from jobwatchd.settings.problems import Problems, explain, explain_kind, explain_unknown
from jobwatchd.settings.root import Settings
from jobwatchd.settings.schema import KINDS, members, model_at
from jobwatchd.settings.secrets import resolve_files

DEFAULT_FILE = Path("/etc/jobwatchd/jobwatchd.yaml")
SECRETS_FOLDER = Path("/run/secrets")
_SECRET_KEYS = {"password": "password_file", "api_key": "api_key_file", "secrets": "secret_files"}


def config_file(path: Path | None, env: Mapping[str, str]) -> Path:
    """Return the configuration file: the one given, else `$JOBWATCHD_CONFIG`, else the one in /etc."""
    return path or Path(env.get("JOBWATCHD_CONFIG") or DEFAULT_FILE)


def load_settings(path: Path | None, env: Mapping[str, str], *, secrets_folder: Path = SECRETS_FOLDER) -> Settings:
    """Load the configuration from its file, the environment and secret files.

    Raises `ConfigError` with one line for each mistake there is.
    """
    document = read_document(config_file(path, env))
    # `sinks:` with nothing under it, all commented out, means the defaults.
    tree = document.tree = {key: value for key, value in document.tree.items() if value is not None}
    variables = overlay(document, env)
    problems = Problems(Places(document.file, document.lines, variables), document.problems)
    credentials = env.get("CREDENTIALS_DIRECTORY")
    folders = Folders(document.file.parent, Path(credentials) if credentials else None, secrets_folder)
    unread = resolve_files(tree, folders, problems)
    # Refused here, since pydantic-settings would take keys that begin with `_` for arguments of its own.
    for key in [key for key in tree if key not in Settings.model_fields]:
        problems.add((key,), explain_unknown(key, Settings))
        del tree[key]
    settings = _validate(tree, unread, problems)
    cross_check(tree, problems)
    if settings is None or problems.found:
        raise ConfigError(*problems.texts())
    return settings


def _validate(tree: dict[str, Any], unread: set[KeyPath], problems: Problems) -> Settings | None:
    try:
        return Settings(**tree)
    except ValidationError as exc:
        for error in exc.errors(include_url=False):
            path = _key_path(error["loc"])
            if path not in unread:
                _add(error, path, tree, problems)
        return None


def _key_path(location: tuple[int | str, ...]) -> KeyPath:
    """Return pydantic's location as a path in the file, without its marks for union members and keys."""
    kinds = KINDS.get(str(location[0]), {})
    path = [*location[:2], *location[3:]] if len(location) > 2 and location[2] in kinds else [*location]  # noqa: PLR2004
    return tuple(path[:-1] if path[-1] == "[key]" else path)


def _add(error: ErrorDetails, path: KeyPath, tree: dict[str, Any], problems: Problems) -> None:
    match error["type"]:
        case "union_tag_not_found" | "union_tag_invalid":
            section = str(path[0])
            kind = members(tree, section).get(str(path[1]), {}).get("kind")
            problems.add((*path, "kind"), explain_kind(KINDS[section], kind))
        case "extra_forbidden":
            problems.add(path, explain_unknown(path[-1], model_at(path[:-1], tree)))
        case "missing" if path[-1] in _SECRET_KEYS:
            problems.add(path, _explain_missing_secret(path))
        case _:
            problems.add(path, explain(error, path))


def _explain_missing_secret(path: KeyPath) -> str:
    variable = PREFIX + "__".join(str(part).upper().replace("-", "_") for part in path)
    return (
        f"the secret is missing; expected {_SECRET_KEYS[str(path[-1])]}, the environment variable {variable}, "
        f"or a file {dotted(path)} in $CREDENTIALS_DIRECTORY or {SECRETS_FOLDER}"
    )
