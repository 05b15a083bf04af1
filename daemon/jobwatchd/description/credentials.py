"""The user's own part of the authentication."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from jobwatchd.description.auth import ACCESS_TOKEN, Auth

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
