"""Secrets and other files that settings name, and the folders in which secrets are looked for unasked.

In the folders a file is named after the key of its secret: `sources.graph.password`, `sources.media.api_key`,
`sinks.ci.secrets`, `server.tokens`; the last two hold one secret a line, that of a token after its name, if it has one,
and lines that begin with `#` are comments.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from jobwatchd.kinds.http import TlsSettings
from jobwatchd.kinds.secrets import (
    MAX_SECRET_SIZE,
    SecretField,
    Shape,
    UnreadableError,
    decode_secret,
    decode_secrets,
    secret_fields,
)
from jobwatchd.model.notation import shown
from jobwatchd.settings.problems import Problems
from jobwatchd.values.section import KeyPath, dotted

MAX_SHOWN_PATH = 255
# Several times the bundle of all authorities that a system trusts.
MAX_PEM_SIZE = 1_048_576
TLS_FILES = ("ca_file", "cert_file", "key_file")


@dataclass(frozen=True, slots=True)
class Folders:
    """Where files are: beside the configuration file, in systemd's credentials, in the container's secrets."""

    config: Path
    credentials: Path | None
    secrets: Path

    def resolve(self, name: str) -> Path:
        """Return the file that a setting names: an absolute one, a credential, or one beside the configuration file."""
        if self.credentials is not None and _is_file(self.credentials / name):
            return self.credentials / name
        return self.config / name

    def find_secret(self, name: str) -> Path | None:
        """Return the file by this name among the credentials, else among the secrets."""
        folders = (self.credentials, self.secrets)
        return next((folder / name for folder in folders if folder is not None and _is_file(folder / name)), None)


def read_named(
    path: KeyPath, model: type[BaseModel], section: dict[str, Any], folders: Folders, problems: Problems
) -> None:
    """Put what is in the files that a section names into it, and the whole paths of the files."""
    for secret in secret_fields(model):
        for key in (secret.key, secret.file_key or ""):
            if section.get(key) is None:
                section.pop(key, None)
        if secret.file_key in section:
            _read_secret(path, secret, section, folders, problems)
    for key in TLS_FILES if issubclass(model, TlsSettings) else ():
        name = section.get(key)
        if isinstance(name, str):
            file = folders.resolve(name)
            section[key] = str(file)
            try:
                _check_pem(file, name)
            except UnreadableError as exc:
                problems.add((*path, key), str(exc))


def find_secrets(
    path: KeyPath, model: type[BaseModel], section: dict[str, Any], folders: Folders, problems: Problems
) -> dict[str, Any]:
    """Return the secrets that a section does not have, as far as they are in the folders, with their files."""
    found: dict[str, Any] = {}
    for secret in secret_fields(model):
        file = folders.find_secret(dotted((*path, secret.key)))
        is_told = (*path, secret.key) in problems.told_already
        if file is None or is_told or secret.key in section or secret.file_key in section:
            continue
        try:
            found[secret.key] = _read(file, None, one=secret.shape is Shape.ONE)
        except UnreadableError as exc:
            problems.add((*path, secret.key), str(exc))
            problems.told_already.add((*path, secret.key))
        else:
            if secret.file_key is not None:
                found[secret.file_key] = [str(file)] if secret.shape is Shape.FILES else str(file)
    return found


def _read_secret(
    path: KeyPath, secret: SecretField, section: dict[str, Any], folders: Folders, problems: Problems
) -> None:
    """Read what `file_key` names; where that is wrong, the secret is missing, of which nothing more is said."""
    key = secret.file_key or ""
    if secret.key in section:
        problems.add((*path, secret.key), f"both {secret.key} and {key} are set; expected one of them")
        del section[key]
        return
    named, several = section[key], secret.shape is Shape.FILES
    problems.told_already.add((*path, secret.key))
    names = named if isinstance(named, list) else [named]
    if several is not isinstance(named, list) or not all(isinstance(name, str) for name in names):
        problems.add((*path, key), f"expected {'a list of file names' if several else 'a file name'}")
        del section[key]
        return
    files = [folders.resolve(name) for name in names]
    section[key] = [str(file) for file in files] if several else str(files[0])
    try:
        read = [_read(file, name, one=secret.shape is Shape.ONE) for file, name in zip(files, names, strict=True)]
    except UnreadableError as exc:
        problems.add((*path, key), str(exc))
    else:
        section[secret.key] = [each for secrets in read for each in secrets] if several else read[0]
        problems.told_already.discard((*path, secret.key))


def _read(file: Path, named: str | None, *, one: bool) -> str | list[str]:
    """Return the secret in a file, or those that it has one a line; raises `UnreadableError`. On `named` see `told`."""
    raw = _content(file, MAX_SECRET_SIZE, named)
    return decode_secret(raw, file) if one else decode_secrets(raw, file)


def _check_pem(file: Path, named: str) -> None:
    """Raise `UnreadableError` for a file that cannot hold certificates. On `named` see `told`."""
    raw = _content(file, MAX_PEM_SIZE, named)
    if len(raw) > MAX_PEM_SIZE:
        raise UnreadableError(f"the file {file} is larger than {MAX_PEM_SIZE} bytes; expected less")
    if not raw.strip():
        raise UnreadableError(f"the file {file} is empty; expected text")


def _content(file: Path, limit: int, named: str | None) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(limit + 1)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "not a file name"
        called = str(file) if _exists(file) else told(file, named)
        raise UnreadableError(f"the file {called} cannot be read ({reason}); expected a readable file") from None


def told(file: Path, named: str | None) -> str:
    """Return what a message calls a file that is not there; `named` is how the configuration names it, if it does.

    Where a file's name is due, people put the secret itself: only what is plainly a path is shown whole.
    """
    if named is None or (named.startswith(("/", "./", "../")) and named.isprintable() and len(named) <= MAX_SHOWN_PATH):
        return str(file)
    folder = str(file).removesuffix(named)
    return f"{shown(named)} in {folder.rstrip('/') or folder or '.'}"


def _exists(file: Path) -> bool:
    try:
        file.lstat()
    except (OSError, ValueError):
        return False
    return True


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:
        # A folder that we may not look into has nothing for us.
        return False
