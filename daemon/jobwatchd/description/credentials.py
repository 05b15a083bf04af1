"""The user's own part of the authentication."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from jobwatchd.description.auth import ACCESS_TOKEN, Auth, CookieLogin, HeaderAuth, JsonLogin, NoAuth

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
    match auth.kind:
        case "none":
            names: set[str] = set()
        case "bearer":
            names = {"token"}
        case "basic":
            names = {BASIC}
        case "oauth2":
            names = {"client_id", "client_secret"}
        case _:
            names = {name for found in placeholders(auth).values() for name in found}
    if BASIC in names:
        names |= {*_NEEDED_BY_BASIC}
    return tuple(name for name in NAMES if name in names)


def sent_headers(auth: Auth) -> frozenset[str]:
    """Return the headers, in small letters, in which an authentication sends its proof."""
    match auth:
        case NoAuth():
            return frozenset()
        case CookieLogin():
            return frozenset({"cookie"})
        case HeaderAuth() | JsonLogin():
            return frozenset(name.lower() for name in auth.headers)
        case _:
            return frozenset({"authorization"})


def placeholders(auth: Auth) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the placeholders for the user's credentials, by the key path where they stand."""
    if isinstance(auth, HeaderAuth):
        return {("headers", key): template.names for key, template in auth.headers.items()}
    if isinstance(auth, CookieLogin | JsonLogin):
        return {("login", *path): names for path, names in auth.login.placeholders().items()}
    return {}


def token_placeholders(auth: Auth) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the placeholders for the token that a login brought, by the key path where they stand."""
    if isinstance(auth, JsonLogin):
        return {("headers", key): template.names for key, template in auth.headers.items()}
    return {}


KNOWN = frozenset({*NAMES, BASIC})
KNOWN_AFTER_LOGIN = frozenset({ACCESS_TOKEN})
