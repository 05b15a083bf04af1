"""Which kind of `auth` is made by what."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from jobwatchd.description.auth import Auth
from jobwatchd.http.authentication.constant import ConstantHeaders, build_basic, build_bearer, build_header
from jobwatchd.http.authentication.contract import Authentication, Site
from jobwatchd.http.authentication.logins import build_cookie_login, build_json_login, build_oauth2

Build = Callable[[Any, Site], Authentication]
"""Makes an authentication of its section in the description."""

BUILDERS: Mapping[str, Build] = MappingProxyType(
    {
        "none": lambda _, site: ConstantHeaders(site.credentials, lambda _: {}),
        "bearer": build_bearer,
        "basic": build_basic,
        "header": build_header,
        "cookie-login": build_cookie_login,
        "json-login": build_json_login,
        "oauth2": build_oauth2,
    }
)


def build_authentication(auth: Auth, site: Site) -> Authentication:
    """Return what proves by these credentials; nothing, where they are optional and the user gave none."""
    left_out = getattr(auth, "optional", False) and not site.credentials.value.values()
    return BUILDERS["none" if left_out else auth.kind](auth, site)
