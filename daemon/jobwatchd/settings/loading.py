"""Loads the configuration from all its layers, and tells all mistakes at once."""

import os
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jobwatchd.errors import ConfigError
from jobwatchd.redaction import SECRETS
from jobwatchd.settings.crosschecks import cross_check
from jobwatchd.settings.document import Document, read_document
from jobwatchd.settings.layers import EnvironmentLayer, Inputs
from jobwatchd.settings.problems import SECRETS_FOLDER, Problems, add_refusals
from jobwatchd.settings.registry import PROBLEMS
from jobwatchd.settings.root import Settings
from jobwatchd.settings.secret_files import Folders
from jobwatchd.settings.server import LogSettings

HERE = Path("jobwatchd.yaml")
DEFAULT_FILE = Path("/etc/jobwatchd/jobwatchd.yaml")


def config_file(path: Path | None, env: Mapping[str, str]) -> Path:
    """Return the configuration file: the one given, else `$JOBWATCHD_CONFIG`, else the one in /etc."""
    return path or Path(env.get("JOBWATCHD_CONFIG") or DEFAULT_FILE)


def load_settings(path: Path | None, env: Mapping[str, str], *, secrets_folder: Path = SECRETS_FOLDER) -> Settings:
    """Load the configuration from its file, the environment and secret files.

    Its secrets are known to `redaction` from then on. Raises `ConfigError` with one line for each mistake there is.
    """
    if PROBLEMS:
        raise ConfigError(*PROBLEMS)
    inputs = _inputs(_existing(config_file(path, env), is_named=path is not None), env, secrets_folder)
    problems = inputs.document.problems
    settings, given = None, dict[str, Any](inputs=inputs)
    try:
        settings = Settings(**given)
    except ValidationError as exc:
        add_refusals(exc, Settings, inputs.merged, problems)
    for place, sentence in cross_check(inputs.merged):
        problems.add(place, sentence)
    problems.refuse()
    assert settings is not None  # noqa: S101 - for the type checker: what was refused is a problem
    SECRETS.add(settings.secrets())
    return settings


def peek_log_settings(path: Path | None, env: Mapping[str, str]) -> LogSettings:
    """Return what a configuration says of the log, as far as it can be read; raises nothing."""
    file = config_file(path, env)
    try:
        document = read_document(file)
    except ConfigError:
        document = Document(Problems(file))
    inputs = Inputs(document, env, Folders(file.parent, None, SECRETS_FOLDER))
    EnvironmentLayer(Settings, inputs)()
    found = inputs.merged.get("log")
    valid: dict[str, Any] = {}
    for key, value in found.items() if isinstance(found, dict) else ():
        with suppress(ValidationError):
            LogSettings.model_validate({key: value})
            valid[key] = value
    return LogSettings.model_validate(valid)


def _inputs(file: Path, env: Mapping[str, str], secrets_folder: Path) -> Inputs:
    credentials = env.get("CREDENTIALS_DIRECTORY")
    folders = Folders(file.parent, Path(credentials) if credentials else None, secrets_folder)
    return Inputs(read_document(file), env, folders)


def _existing(file: Path, *, is_named: bool) -> Path:
    """Return the configuration file; raises `ConfigError`, which says how to name another, where there is none."""
    if os.path.lexists(file):
        return file
    likely = get_close_matches(file.name, [each.name for each in _siblings(file)], n=1)
    if likely:
        hint = f"did you mean {file.with_name(likely[0])}?"
    elif not is_named and HERE.is_file():
        hint = f"did you mean -c {HERE}?"
    else:
        hint = "expected a file, named with -c FILE or in $JOBWATCHD_CONFIG; the README shows a short one"
    raise ConfigError(f"{file}: the configuration file cannot be read: No such file or directory; {hint}")


def _siblings(file: Path) -> list[Path]:
    try:
        return [each for each in file.parent.iterdir() if each.suffix in {".yaml", ".yml"}]
    except OSError:
        return []
