"""What is in a file of secrets, as text."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from jobwatchd.model.api_token import secret_lines

MAX_SECRET_SIZE = 65_536


class UnreadableError(Exception):
    """A file cannot be used; the text names it and says why, never what is in it."""


def decode_secret(raw: bytes, file: Path) -> str:
    """Return what a file's content is as text, without the line end at its end; raises `UnreadableError`."""
    if len(raw) > MAX_SECRET_SIZE:
        raise UnreadableError(f"the file {file} is larger than {MAX_SECRET_SIZE} bytes; expected less")
    if raw.startswith(BOM_UTF8):
        raise UnreadableError(f"the file {file} begins with a byte order mark (BOM); save it as UTF-8 without one")
    if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise UnreadableError(f"the file {file} is not UTF-8, but UTF-16; save it as UTF-8")
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
    secrets = secret_lines(decode_secret(raw, file))
    if not secrets:
        raise UnreadableError(f"the file {file} holds only comments; expected one secret a line")
    return secrets
