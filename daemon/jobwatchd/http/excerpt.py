"""What messages quote of an answer: its beginning, without secrets, on one line."""

from jobwatchd.errors import BadPayload
from jobwatchd.redaction import SECRETS

MAX_EXCERPT = 120
# So many characters, since a page may begin with a lot of blanks.
READ_FOR_EXCERPT = 4_096
MAX_TEXT = 512


def unreadable(where: str, what: str, body: bytes, *, quote: bool = True) -> BadPayload:
    """Return the error for an answer that came and is `what` it should not be."""
    begins = f"; it begins {excerpt(body)!r}" if quote and body else ""
    return BadPayload(f"{where} gave an answer that is {what}{begins}")


def excerpt(body: bytes | str) -> str:
    """Return the beginning of an answer, at most 120 characters, fit for one line of a message."""
    text = body if isinstance(body, str) else body[: 4 * READ_FOR_EXCERPT + 4].decode(errors="replace")
    # Before anything is cut or folded: a part of a secret would not be found any more.
    text = clean(" ".join(SECRETS.redact_beginning(text, READ_FOR_EXCERPT).split()))
    return text if len(text) <= MAX_EXCERPT else f"{text[: MAX_EXCERPT - 1]}…"


def clean(text: str) -> str:
    """Return `text` cut to 512 characters, without control characters (no database and no terminal wants a NUL)."""
    if len(text) > MAX_TEXT:
        text = SECRETS.redact_beginning(text, MAX_TEXT)[:MAX_TEXT]
    return (
        text
        if text.isprintable()
        else "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    )
