"""Which kind of `auth` is made by what."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from jobwatchd.description.auth import Auth
from jobwatchd.http.authentication.basic import build_basic
from jobwatchd.http.authentication.bearer import build_bearer
from jobwatchd.http.authentication.constant import ConstantHeaders
from jobwatchd.http.authentication.contract import Authentication
from jobwatchd.http.authentication.cookie_login import build_cookie_login
from jobwatchd.http.authentication.header import build_header
from jobwatchd.http.authentication.json_login import build_json_login
from jobwatchd.http.authentication.oauth2 import build_oauth2
from jobwatchd.http.authentication.site import Site

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
