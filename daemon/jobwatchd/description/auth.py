"""How a request proves who is asking; secrets are no part of a description: a user gives his credentials beside it."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field

from jobwatchd.description.expression import Expr
from jobwatchd.description.request import HeaderName, Request, Statuses
from jobwatchd.description.template import HeaderText, Template
from jobwatchd.values.section import Section
from jobwatchd.values.units import PositiveDuration
from jobwatchd.values.urls import TokenUrl

ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of a placeholder


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


class LoginAuth(AuthSection):
    """A login that brings what is sent with each request.

    `login` is sent at first, when the API says `unauthorized`, and before `lifetime` (where there is one) ends.
    """

    kind: str
    login: LoginRequest
    lifetime: PositiveDuration | None = None
    optional: bool = False

    def placeholders(self) -> Placeholders:
        """Return those in the login."""
        return {("login", *path): names for path, names in self.login.placeholders().items()}


class CookieLogin(LoginAuth):
    """A login whose answer sets a cookie, which is sent back with each request."""

    kind: Literal["cookie-login"]
    cookie: Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$")]
    status: Statuses = (200, 201, 204, 302, 303)

    def sent_headers(self) -> frozenset[str]:
        """Return that of cookies."""
        return frozenset({"cookie"})


class JsonLogin(LoginAuth):
    """A login whose answer is JSON with a token, which is sent with each request.

    `token` finds it, `headers` say how it is sent as `{access_token}`; `expires_in` finds its life time in seconds,
    `lifetime` is that for an API that does not tell.
    """

    kind: Literal["json-login"]
    token: Expr
    expires_in: Expr | None = None
    status: Statuses = (200, 201)
    headers: Annotated[dict[HeaderName, HeaderText], Field(min_length=1)] = Field(
        default_factory=lambda: {"Authorization": Template(f"Bearer {{{ACCESS_TOKEN}}}")}
    )

    def sent_headers(self) -> frozenset[str]:
        """Return those that carry the token."""
        return _lowered(self.headers)

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


NAMES = ("username", "password", "token", "client_id", "client_secret")
BASIC = "basic"
_NEEDED_BY_BASIC = ("username", "password")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the user gave, in plain text; empty where it is not there."""

    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    def values(self) -> Mapping[str, str]:
        """Return what the placeholders of a login or an authentication header stand for."""
        values = {name: getattr(self, name) for name in NAMES if getattr(self, name)}
        if self.username:
            values[BASIC] = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return values

    @property
    def client_basic(self) -> str:
        """What OAuth 2 sends as basic authentication: both parts percent-encoded (RFC 6749, section 2.3.1)."""
        pair = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
        return base64.b64encode(pair.encode()).decode()


def needed(auth: Auth) -> tuple[str, ...]:
    """Return which credentials an authentication asks of the user, in the order of `NAMES`."""
    names = {*auth.needs, *(name for found in auth.placeholders().values() for name in found)}
    if BASIC in names:
        names |= {*_NEEDED_BY_BASIC}
    return tuple(name for name in NAMES if name in names)


KNOWN = frozenset({*NAMES, BASIC})
KNOWN_AFTER_LOGIN = frozenset({ACCESS_TOKEN})
