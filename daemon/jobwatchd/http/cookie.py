"""A cookie that a login set."""

from collections.abc import Sequence

from jobwatchd.ports import Answer


def read_cookie(answer: Answer, wanted: str) -> str | None:
    """Return the value of the cookie that an answer sets; None without one, or where a header could not carry it.

    Only the first pair of a Set-Cookie counts, attributes are not read: a token's end is learned from its being
    refused.
    """
    cookies: Sequence[str] = answer.headers("Set-Cookie")
    for cookie in cookies:
        name, _, value = cookie.partition(";")[0].partition("=")
        token = value.strip()
        if name.strip() == wanted and token and token.isascii() and token.isprintable() and " " not in token:
            return token
    return None
