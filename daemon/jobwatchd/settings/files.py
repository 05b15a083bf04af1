"""Files that settings name, and the folders in which secrets are looked for unasked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobwatchd.kinds.secret_file import MAX_SECRET_SIZE, UnreadableError, decode_secret, decode_secrets
from jobwatchd.model.notation import shown

MAX_SHOWN_PATH = 255
# Several times the bundle of all authorities that a system trusts.
MAX_PEM_SIZE = 1_048_576


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
        return next((folder / name for folder in self._searched() if _is_file(folder / name)), None)

    def _searched(self) -> Iterator[Path]:
        if self.credentials is not None:
            yield self.credentials
        yield self.secrets


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:
        # A folder that we may not look into has nothing for us.
        return False


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


def read_secret(file: Path, named: str | None = None) -> str:
    """Return the secret in a file; raises `UnreadableError`. On `named` see `told`."""
    return decode_secret(_read(file, MAX_SECRET_SIZE, named), file)


def read_secrets(file: Path, named: str | None = None) -> list[str]:
    """Return the secrets in a file that has one a line; raises `UnreadableError`. On `named` see `told`."""
    return decode_secrets(_read(file, MAX_SECRET_SIZE, named), file)


def check_pem(file: Path, named: str | None = None) -> None:
    """Raise `UnreadableError` for a file that cannot hold certificates. On `named` see `told`."""
    raw = _read(file, MAX_PEM_SIZE, named)
    if len(raw) > MAX_PEM_SIZE:
        raise UnreadableError(f"the file {file} is larger than {MAX_PEM_SIZE} bytes; expected less")
    if not raw.strip():
        raise UnreadableError(f"the file {file} is empty; expected text")


def _read(file: Path, limit: int, named: str | None) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(limit + 1)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "not a file name"
        called = str(file) if _exists(file) else told(file, named)
        raise UnreadableError(f"the file {called} cannot be read ({reason}); expected a readable file") from None
