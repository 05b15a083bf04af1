"""OAuth 2 with client credentials (RFC 6749, section 4.4)."""

from functools import partial
from urllib.parse import urlencode

from jobwatchd.description.auth import Credentials, OAuth2
from jobwatchd.description.expression import Expression
from jobwatchd.http.authentication.contract import Authentication
from jobwatchd.http.authentication.login import build_session
from jobwatchd.http.authentication.session import Grant
from jobwatchd.http.authentication.site import Site
from jobwatchd.http.authentication.token import read_token
from jobwatchd.http.request import HttpRequest
from jobwatchd.ports import Answer

_TOKEN, _EXPIRES_IN = Expression("access_token"), Expression("expires_in")
_STATUSES = (200, 201)


def build_oauth2(auth: OAuth2, site: Site) -> Authentication:
    """Return what proves by the token that the authorization server gave last."""
    return build_session(site, _STATUSES, partial(_write, auth, site.base_url), _read)


def _write(auth: OAuth2, base_url: str, credentials: Credentials) -> HttpRequest:
    form = {"grant_type": "client_credentials", "scope": auth.scope, "audience": auth.audience}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if auth.send == "header":
        headers["Authorization"] = f"Basic {credentials.client_basic}"
    else:
        form |= {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
    url = f"{base_url}{auth.token_url}" if auth.token_url.startswith("/") else auth.token_url
    return HttpRequest("POST", url, headers, urlencode({key: value for key, value in form.items() if value}).encode())


def _read(request: HttpRequest, answer: Answer) -> Grant:
    token = read_token(request, answer, _TOKEN, _EXPIRES_IN)
    return Grant({"Authorization": f"Bearer {token.text}"}, token.lifetime_s)
