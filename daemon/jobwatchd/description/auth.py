"""How a request proves who is asking. Secrets are no part of this: a user gives them beside the description."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from jobwatchd.description.answers import Statuses
from jobwatchd.description.expression import Expr
from jobwatchd.description.request import HeaderName, Request
from jobwatchd.description.template import HeaderText, Template
from jobwatchd.values.durations import PositiveDuration
from jobwatchd.values.section import Section

ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of a placeholder


def _check_token_url(text: str) -> str:
    parts = urlsplit(text)
    whole = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    if not (whole or (text.startswith("/") and not text.startswith("//"))) or parts.query or parts.fragment:
        raise ValueError("expected a path below base_url such as /oauth/token, or a whole http:// or https:// URL")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("expected a URL of printable ASCII without blanks")
    return text


TokenUrl = Annotated[str, AfterValidator(_check_token_url)]


Placeholders = Mapping[tuple[str, ...], tuple[str, ...]]
"""Names of placeholders, by the key path where they stand."""


class AuthSection(Section):
    """What every kind of authentication tells of itself; `needs` are the user's credentials beside its placeholders."""

    needs: ClassVar[tuple[str, ...]] = ()

    def sent_headers(self) -> frozenset[str]:
        """Return the headers, in small letters, in which it sends its proof."""
        return frozenset({"authorization"})

    def placeholders(self) -> Placeholders:
        """Return the placeholders for the user's credentials."""
        return {}

    def token_placeholders(self) -> Placeholders:
        """Return the placeholders for the token that a login brought."""
        return {}


class NoAuth(AuthSection):
    """Requests go without credentials."""

    kind: Literal["none"] = "none"

    def sent_headers(self) -> frozenset[str]:
        """Return none."""
        return frozenset()


class BearerAuth(AuthSection):
    """`Authorization: Bearer` and the user's `token`; with `optional`, without it where the user gives none."""

    needs = ("token",)
    kind: Literal["bearer"]
    optional: bool = False


class BasicAuth(AuthSection):
    """The user's `username` and `password`, as HTTP's basic authentication sends them; see `bearer` for `optional`."""

    needs = ("username", "password")
    kind: Literal["basic"]
    optional: bool = False


class HeaderAuth(AuthSection):
    """Headers with credentials: `{token}`, `{username}`, `{password}`; see `bearer` for `optional`.

    `headers: {PRIVATE-TOKEN: "{token}"}`
    """

    kind: Literal["header"]
    headers: Annotated[dict[HeaderName, HeaderText], Field(min_length=1)]
    optional: bool = False

    def sent_headers(self) -> frozenset[str]:
        """Return those that the user chose."""
        return _lowered(self.headers)

    def placeholders(self) -> Placeholders:
        """Return those in the headers."""
        return _in_headers(self.headers)


class LoginRequest(Request):
    """The request that logs in; its placeholders are the user's credentials.

    `{username}`, `{password}`, `{token}`, `{client_id}`, `{client_secret}`, and `{basic}`, which is base64 of
    `username:password`. Other than elsewhere, `headers` may have `Authorization`.
    """

    headers: dict[HeaderName, HeaderText] = Field(default_factory=dict)


class CookieLogin(AuthSection):
    """A login whose answer sets a cookie, which is sent back with each request.

    `login` is sent at first, when the API says `unauthorized`, and before `lifetime` (where there is one) ends.
    """

    kind: Literal["cookie-login"]
    login: LoginRequest
    cookie: Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$")]
    status: Statuses = (200, 201, 204, 302, 303)
    lifetime: PositiveDuration | None = None
    optional: bool = False

    def sent_headers(self) -> frozenset[str]:
        """Return that of cookies."""
        return frozenset({"cookie"})

    def placeholders(self) -> Placeholders:
        """Return those in the login."""
        return _in_login(self.login)


class JsonLogin(AuthSection):
    """A login whose answer is JSON with a token, which is sent with each request.

    `token` finds it, `headers` say how it is sent as `{access_token}`; `expires_in` finds its life time in seconds,
    `lifetime` is that for an API that does not tell. `login` is sent at first, when the API says `unauthorized`, and
    before the life time (where there is one) ends.
    """

    kind: Literal["json-login"]
    login: LoginRequest
    token: Expr
    expires_in: Expr | None = None
    lifetime: PositiveDuration | None = None
    status: Statuses = (200, 201)
    headers: Annotated[dict[HeaderName, HeaderText], Field(min_length=1)] = Field(
        default_factory=lambda: {"Authorization": Template(f"Bearer {{{ACCESS_TOKEN}}}")}
    )
    optional: bool = False

    def sent_headers(self) -> frozenset[str]:
        """Return those that carry the token."""
        return _lowered(self.headers)

    def placeholders(self) -> Placeholders:
        """Return those in the login."""
        return _in_login(self.login)

    def token_placeholders(self) -> Placeholders:
        """Return those in the headers."""
        return _in_headers(self.headers)


class OAuth2(AuthSection):
    """OAuth 2 client credentials (RFC 6749, section 4.4) with the user's `client_id` and `client_secret`.

    `token_url` is a path below `base_url`, or a whole URL; `send` says whether the client's credentials go in the
    header `Authorization` or in the form. The token is renewed before `expires_in` of the answer has passed.
    """

    needs = ("client_id", "client_secret")
    kind: Literal["oauth2"]
    token_url: TokenUrl
    scope: str | None = None
    audience: str | None = None
    send: Literal["header", "form"] = "header"


Auth = Annotated[
    NoAuth | BearerAuth | BasicAuth | HeaderAuth | CookieLogin | JsonLogin | OAuth2, Field(discriminator="kind")
]


def _lowered(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _in_headers(headers: Mapping[str, Template]) -> Placeholders:
    return {("headers", key): template.names for key, template in headers.items()}


def _in_login(login: LoginRequest) -> Placeholders:
    return {("login", *path): names for path, names in login.placeholders().items()}
