"""Files that settings name, and the folders in which secrets are looked for unasked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_SECRET_SIZE = 65_536
# Several times the bundle of all authorities that a system trusts.
MAX_PEM_SIZE = 1_048_576


class UnreadableError(Exception):
    """A file cannot be used; the text names it and says why, never what is in it."""


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


def read_secret(file: Path) -> str:
    """Return the secret in a file; raises `UnreadableError`."""
    return decode_secret(_read(file, MAX_SECRET_SIZE), file)


def read_secrets(file: Path) -> list[str]:
    """Return the secrets in a file that has one a line; raises `UnreadableError`."""
    return decode_secrets(_read(file, MAX_SECRET_SIZE), file)


def check_pem(file: Path) -> None:
    """Raise `UnreadableError` for a file that cannot hold certificates."""
    raw = _read(file, MAX_PEM_SIZE)
    if len(raw) > MAX_PEM_SIZE:
        raise UnreadableError(f"the file {file} is larger than {MAX_PEM_SIZE} bytes; expected less")
    if not raw.strip():
        raise UnreadableError(f"the file {file} is empty; expected text")


def _read(file: Path, limit: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(limit + 1)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "not a file name"
        raise UnreadableError(f"the file {file} cannot be read ({reason}); expected a readable file") from None


def decode_secret(raw: bytes, file: Path) -> str:
    """Return what a file's content is as text, without the line end at its end; raises `UnreadableError`."""
    if len(raw) > MAX_SECRET_SIZE:
        raise UnreadableError(f"the file {file} is larger than {MAX_SECRET_SIZE} bytes; expected less")
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
    lines = [line.strip() for line in decode_secret(raw, file).splitlines()]
    secrets = [line for line in lines if line and not line.startswith("#")]
    if not secrets:
        raise UnreadableError(f"the file {file} holds only comments; expected one secret a line")
    return secrets
