"""A token in the answer to a login."""

from dataclasses import dataclass

from jobwatchd.description.expression import Expression, UnusableError
from jobwatchd.errors import BadPayload
from jobwatchd.http.authentication.login import granted_nothing
from jobwatchd.http.excerpt import excerpt
from jobwatchd.http.json_document import number_of, read_json
from jobwatchd.http.request import HttpRequest
from jobwatchd.ports import Answer


@dataclass(frozen=True, slots=True)
class LoginToken:
    """A token, and for how long it is good; None where the answer does not say."""

    text: str
    lifetime_s: float | None


def read_token(request: HttpRequest, answer: Answer, token: Expression, expires_in: Expression | None) -> LoginToken:
    """Return what the expressions find in an answer; raises `SourceError`s, which quote nothing of it."""
    value = read_json(request.where, answer.body, quote=False)
    try:
        text = token.search(value)
        told_s = None if expires_in is None else number_of(expires_in.search(value))
    except UnusableError as exc:
        raise BadPayload(f"{request.where} gave an answer without a readable token: {exc}") from None
    if text is None or text == "":
        raise granted_nothing(request, answer, f"no token: auth.token ({excerpt(token.text)}) yields nothing")
    if not isinstance(text, str) or not (text.isascii() and text.isprintable()) or " " in text:
        says = f"auth.token ({excerpt(token.text)}) yields what no header can carry"
        raise BadPayload(f"{request.where} gave a token that cannot be used: {says}")
    return LoginToken(text, told_s if told_s is not None and told_s > 0 else None)
