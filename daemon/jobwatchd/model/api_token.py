"""Tokens of the API as people write them, one a line: `name: token`, or the token alone.

A token holds no blanks, so that only what is before a colon and a blank is a name; `a:b` is a token.
"""

from collections.abc import Sequence

# Who needs no token; no token can have this name.
ANONYMOUS = "anonymous"


def secret_lines(text: str) -> list[str]:
    """Return the lines of a file of secrets, without empty ones and those that begin with `#`."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def split_token(line: str) -> tuple[str | None, str]:
    """Return name and token of a line; the name is None where it has none, the token empty where it was left out."""
    name, colon, token = f"{line} ".replace("\t", " ").partition(": ")
    return (name, token.strip()) if colon else (None, line)


def name_tokens(lines: Sequence[str]) -> dict[str, str]:
    """Return the tokens by their names; those without one are called by their place: `token-1` is the first of all.

    Raises ValueError where a name or a token stands twice: nobody could tell who it was.
    """
    tokens: dict[str, str] = {}
    for place, line in enumerate(lines, 1):
        name, token = split_token(line)
        name = f"token-{place}" if name is None else name
        if name == ANONYMOUS:
            raise ValueError(f"a token is named {name!r}, which is who needs none; expected another name")
        if name in tokens:
            raise ValueError(f"two tokens are named {name!r}; expected a name of its own for each")
        if token in tokens.values():
            raise ValueError(f"the token {name!r} is another one too; expected a token of its own for each name")
        tokens[name] = token
    return tokens
