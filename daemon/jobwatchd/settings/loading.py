"""Puts the layers of the configuration together, and tells all mistakes at once."""

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
from jobwatchd.settings.environment import overlay
from jobwatchd.settings.files import Folders
from jobwatchd.settings.placeholders import refuse_placeholders
from jobwatchd.settings.places import Places
from jobwatchd.settings.preset_files import preset_files
from jobwatchd.settings.presets import apply_presets
from jobwatchd.settings.problems import Problems, explain_unknown
from jobwatchd.settings.refusals import SECRETS_FOLDER, add_refusals
from jobwatchd.settings.registry import KINDS, PROBLEMS
from jobwatchd.settings.root import Settings
from jobwatchd.settings.schema import kinds_within, members, model_at
from jobwatchd.settings.secrets import resolve_files
from jobwatchd.settings.server import LogSettings
from jobwatchd.values.key_path import KeyPath

HERE = Path("jobwatchd.yaml")
DEFAULT_FILE = Path("/etc/jobwatchd/jobwatchd.yaml")
MEMBER = 2  # sources.graph: the length of the path of a source or sink


def config_file(path: Path | None, env: Mapping[str, str]) -> Path:
    """Return the configuration file: the one given, else `$JOBWATCHD_CONFIG`, else the one in /etc."""
    return path or Path(env.get("JOBWATCHD_CONFIG") or DEFAULT_FILE)


def load_settings(path: Path | None, env: Mapping[str, str], *, secrets_folder: Path = SECRETS_FOLDER) -> Settings:
    """Load the configuration from its file, the environment and secret files.

    Its secrets are known to `redaction` from then on. Raises `ConfigError` with one line for each mistake there is.
    """
    if PROBLEMS:
        raise ConfigError(*PROBLEMS)
    document = read_document(_existing(config_file(path, env), is_named=path is not None))
    # `sinks:` with nothing under it, all commented out, means the defaults.
    tree = document.tree = {key: value for key, value in document.tree.items() if value is not None}
    apply_presets(tree, preset_files())
    variables = overlay(document, env)
    problems = Problems(Places(document.file, document.lines, variables), document.problems)
    credentials = env.get("CREDENTIALS_DIRECTORY")
    folders = Folders(document.file.parent, Path(credentials) if credentials else None, secrets_folder)
    unread = refuse_placeholders(tree, problems) | resolve_files(tree, folders, problems)
    # Refused here, since pydantic-settings would take keys that begin with `_` for arguments of its own.
    for key in [key for key in tree if key not in Settings.model_fields]:
        problems.add((key,), explain_unknown(key, Settings) + _misplaced(tree[key]))
        del tree[key]
    settings = _validate(tree, unread, problems)
    cross_check(tree, problems)
    if settings is None or problems.found:
        raise ConfigError(*problems.texts())
    SECRETS.add(settings.secrets())
    return settings


def peek_log_settings(path: Path | None, env: Mapping[str, str]) -> LogSettings:
    """Return what a configuration says of the log, as far as it can be read; raises nothing."""
    file = config_file(path, env)
    try:
        document = read_document(file)
    except ConfigError:
        document = Document(file, {})
    overlay(document, env)
    found = document.tree.get("log")
    valid: dict[str, Any] = {}
    for key, value in found.items() if isinstance(found, dict) else ():
        with suppress(ValidationError):
            LogSettings.model_validate({key: value})
            valid[key] = value
    return LogSettings.model_validate(valid)


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


def _misplaced(value: object) -> str:
    """Return what to do about a key that may have slipped out of its section."""
    if isinstance(value, dict) and "kind" in value:
        return "; a source stands under `sources:`, a sink under `sinks:`, each two blanks further to the right"
    return ""


def _validate(tree: dict[str, Any], unread: set[KeyPath], problems: Problems) -> Settings | None:
    def kinds_at(path: KeyPath) -> list[str]:
        section = str(path[0])
        if len(path) > MEMBER:
            return kinds_within(model_at(path[:MEMBER], tree), path[MEMBER:], members(tree, section).get(str(path[1])))
        return [*KINDS[section], *(preset_files() if section == "sources" else ())]

    try:
        return Settings(**tree)
    except ValidationError as exc:
        add_refusals(
            exc, tree, problems, model_at=lambda path: model_at(path, tree), kinds_at=kinds_at, passed_over=unread
        )
        return None
