"""A login that sets a cookie."""

from functools import partial

from jobwatchd.description.auth import CookieLogin
from jobwatchd.http.authentication.contract import Authentication
from jobwatchd.http.authentication.login import build_session, granted_nothing, write_login
from jobwatchd.http.authentication.session import Grant
from jobwatchd.http.authentication.site import Site
from jobwatchd.http.request import HttpRequest
from jobwatchd.ports import Answer


def build_cookie_login(auth: CookieLogin, site: Site) -> Authentication:
    """Return what proves by the cookie of the last login."""
    return build_session(site, auth.status, partial(write_login, site, auth.login), partial(_read, auth))


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


def _read(auth: CookieLogin, request: HttpRequest, answer: Answer) -> Grant:
    cookie = read_cookie(answer, auth.cookie)
    if cookie is None:
        raise granted_nothing(request, answer, f"no usable cookie {auth.cookie} in Set-Cookie")
    return Grant({"Cookie": f"{auth.cookie}={cookie}"}, auth.lifetime)
