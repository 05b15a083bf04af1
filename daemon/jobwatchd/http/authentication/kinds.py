"""The kinds of authentication: which is built by what, and those that log in: by a cookie, JSON, or OAuth 2."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from jobwatchd.description.auth import ACCESS_TOKEN, Auth, CookieLogin, Credentials, JsonLogin, OAuth2
from jobwatchd.description.expression import Expression, UnusableError
from jobwatchd.errors import BadPayload
from jobwatchd.http.answer import excerpt, number_of, read_json
from jobwatchd.http.authentication.constant import ConstantHeaders, build_basic, build_bearer, build_header
from jobwatchd.http.authentication.contract import Authentication, Site
from jobwatchd.http.authentication.session import Grant, build_session, granted_nothing, write_login
from jobwatchd.http.request import HttpRequest
from jobwatchd.ports import Answer


def build_cookie_login(auth: CookieLogin, site: Site) -> Authentication:
    """Return what proves by the cookie of the last login."""
    return build_session(site, auth.status, partial(write_login, site, auth.login), partial(_read_cookie_grant, auth))


def read_cookie(answer: Answer, wanted: str) -> str | None:
    """Return the value of the cookie that an answer sets; None without one, or where a header could not carry it.

    Only the first pair of a Set-Cookie counts, attributes are not read: a token's end is learned from its being
    refused.
    """
    for cookie in answer.headers("Set-Cookie"):
        name, _, value = cookie.partition(";")[0].partition("=")
        token = value.strip()
        if name.strip() == wanted and token and token.isascii() and token.isprintable() and " " not in token:
            return token
    return None


def _read_cookie_grant(auth: CookieLogin, request: HttpRequest, answer: Answer) -> Grant:
    cookie = read_cookie(answer, auth.cookie)
    if cookie is None:
        raise granted_nothing(request, answer, f"no usable cookie {auth.cookie} in Set-Cookie")
    return Grant({"Cookie": f"{auth.cookie}={cookie}"}, auth.lifetime)


def build_json_login(auth: JsonLogin, site: Site) -> Authentication:
    """Return what proves by the token of the last login."""
    return build_session(site, auth.status, partial(write_login, site, auth.login), partial(_read_json_grant, auth))


def _read_json_grant(auth: JsonLogin, request: HttpRequest, answer: Answer) -> Grant:
    token = read_token(request, answer, auth.token, auth.expires_in)
    headers = {name: text.fill({ACCESS_TOKEN: token.text}) for name, text in auth.headers.items()}
    return Grant(headers, auth.lifetime if token.lifetime_s is None else token.lifetime_s)


_TOKEN, _EXPIRES_IN = Expression("access_token"), Expression("expires_in")
_STATUSES = (200, 201)


def build_oauth2(auth: OAuth2, site: Site) -> Authentication:
    """Return what proves by the token that the authorization server gave last."""
    return build_session(site, _STATUSES, partial(_write_oauth2, auth, site.base_url), _read_oauth2_grant)


def _write_oauth2(auth: OAuth2, base_url: str, credentials: Credentials) -> HttpRequest:
    form = {"grant_type": "client_credentials", "scope": auth.scope, "audience": auth.audience}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if auth.send == "header":
        headers["Authorization"] = f"Basic {credentials.client_basic}"
    else:
        form |= {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
    url = f"{base_url}{auth.token_url}" if auth.token_url.startswith("/") else auth.token_url
    return HttpRequest("POST", url, headers, urlencode({key: value for key, value in form.items() if value}).encode())


def _read_oauth2_grant(request: HttpRequest, answer: Answer) -> Grant:
    token = read_token(request, answer, _TOKEN, _EXPIRES_IN)
    return Grant({"Authorization": f"Bearer {token.text}"}, token.lifetime_s)


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
