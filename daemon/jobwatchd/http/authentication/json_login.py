"""A login whose answer has a token in its JSON."""

from functools import partial

from jobwatchd.description.auth import ACCESS_TOKEN, JsonLogin
from jobwatchd.http.authentication.contract import Authentication
from jobwatchd.http.authentication.login import build_session, write_login
from jobwatchd.http.authentication.session import Grant
from jobwatchd.http.authentication.site import Site
from jobwatchd.http.authentication.token import read_token
from jobwatchd.http.request import HttpRequest
from jobwatchd.ports import Answer


def build_json_login(auth: JsonLogin, site: Site) -> Authentication:
    """Return what proves by the token of the last login."""
    return build_session(site, auth.status, partial(write_login, site, auth.login), partial(_read, auth))


def _read(auth: JsonLogin, request: HttpRequest, answer: Answer) -> Grant:
    token = read_token(request, answer, auth.token, auth.expires_in)
    headers = {name: text.fill({ACCESS_TOKEN: token.text}) for name, text in auth.headers.items()}
    return Grant(headers, auth.lifetime if token.lifetime_s is None else token.lifetime_s)
