"""Paths of keys, and how messages show them."""

import re

from jobwatchd.model.notation import shown

KeyPath = tuple[str | int, ...]

# What keys, names of sources and sinks, and header names look like; and who writes a secret as a key does not.
_PLAIN = re.compile(r"[a-z0-9_.-]{1,40}|[A-Z]?[A-Za-z_.-]{1,40}", re.ASCII)


def told(path: KeyPath) -> str:
    """Return a key path as a message may show it: of a part that is no word, and may be a secret, the beginning."""
    return dotted(tuple(part if isinstance(part, int) or _PLAIN.fullmatch(part) else shown(part) for part in path))


def dotted(path: KeyPath) -> str:
    """Return a key path as people write it: `watches[0].job.job_id`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
