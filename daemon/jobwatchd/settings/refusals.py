"""What pydantic refuses, as sentences of `problems`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from jobwatchd.kinds.secrets import SecretField, is_secret, secret_fields
from jobwatchd.settings.environment import PREFIX
from jobwatchd.settings.problems import Problems, explain, explain_kind, explain_unknown
from jobwatchd.values.key_path import KeyPath, dotted

SECRETS_FOLDER = Path("/run/secrets")


def add_refusals(
    refused: ValidationError,
    tree: Mapping[str, Any],
    problems: Problems,
    *,
    model_at: Callable[[KeyPath], type[BaseModel] | None],
    kinds_at: Callable[[KeyPath], list[str]],
    passed_over: set[KeyPath] = frozenset(),  # type: ignore[assignment] # never written to
) -> None:
    """Add everything that was refused in `tree`, but what is wrong at a key that was told already.

    `model_at` gives the section at a key path, `kinds_at` the kinds that may stand there.
    """
    for error in refused.errors(include_url=False):
        path = _key_path(error["loc"], tree)
        if path not in passed_over:
            problems.add(*_explain(error, path, tree, model_at, kinds_at))


def _key_path(location: tuple[int | str, ...], tree: Mapping[str, Any]) -> KeyPath:
    """Return pydantic's location as a path in the file.

    Without its marks for keys and for the kinds of unions, and without what a short form stands for: where the file has
    a plain value, there is nothing below it.
    """
    path: list[int | str] = []
    here: Any = tree
    for part in location:
        if part in {"[key]", ""} or (isinstance(here, dict) and part not in here and here.get("kind") == part):
            continue
        if isinstance(here, str | int | float):
            break
        path.append(part)
        if isinstance(here, dict):
            here = here.get(part)
        else:
            here = here[part] if isinstance(here, list) and isinstance(part, int) and part < len(here) else None
    return tuple(path)


def _explain(
    error: ErrorDetails,
    path: KeyPath,
    tree: Mapping[str, Any],
    model_at: Callable[[KeyPath], type[BaseModel] | None],
    kinds_at: Callable[[KeyPath], list[str]],
) -> tuple[KeyPath, str]:
    match error["type"]:
        case "union_tag_not_found" | "union_tag_invalid":
            here: Any = tree
            for part in path:
                here = here.get(part) if isinstance(here, dict) else None
            got = here.get("kind") if isinstance(here, dict) else None
            return (*path, "kind"), explain_kind(kinds_at(path), got)
        case "extra_forbidden":
            return path, explain_unknown(path[-1], model_at(path[:-1]))
        case "missing" if (secret := _secret(model_at(path[:-1]), path)) is not None:
            return path, _explain_missing_secret(path, secret)
        case _:
            return path, explain(error, path, masked=_is_secret(model_at(path[:-1]), path))


def _secret(model: type[BaseModel] | None, path: KeyPath) -> SecretField | None:
    return next((each for each in secret_fields(model) if each.key == path[-1]), None) if model is not None else None


def _is_secret(model: type[BaseModel] | None, path: KeyPath) -> bool:
    field = None if model is None or not path else model.model_fields.get(str(path[-1]))
    return field is not None and is_secret(field.annotation)


def _explain_missing_secret(path: KeyPath, secret: SecretField) -> str:
    variable = PREFIX + "__".join(str(part).upper().replace("-", "_") for part in path)
    return (
        f"the secret is missing; expected {f'{secret.file_key}, ' if secret.file_key else ''}"
        f"the environment variable {variable}, "
        f"or a file {dotted(path)} in $CREDENTIALS_DIRECTORY or {SECRETS_FOLDER}"
    )
