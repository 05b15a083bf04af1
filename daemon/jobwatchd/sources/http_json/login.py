"""How a source proves who is asking: with what the user gave, or with what a login brought."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import quote, urlencode

from jobwatchd.description.auth import (
    ACCESS_TOKEN,
    Auth,
    BasicAuth,
    BearerAuth,
    CookieLogin,
    HeaderAuth,
    JsonLogin,
    NoAuth,
    OAuth2,
)
from jobwatchd.description.credentials import BASIC, Credentials
from jobwatchd.description.expression import Expression, UnusableError
from jobwatchd.description.template import Template
from jobwatchd.errors import BadPayload, SourceUnauthorized
from jobwatchd.http.asking import Asking, Constant
from jobwatchd.http.cookie import read_cookie
from jobwatchd.http.excerpt import excerpt
from jobwatchd.http.json_document import number_of, read_document
from jobwatchd.http.request_writer import Call, RequestWriter
from jobwatchd.http.session import Grant, Session
from jobwatchd.http.status import status_error
from jobwatchd.ports import Answer, Clock, HttpClient
from jobwatchd.rotation import Rotating

_OAUTH2_TOKEN, _OAUTH2_LIFETIME = Expression("access_token"), Expression("expires_in")
_OAUTH2_STATUS = (200, 201)


class Login:
    """Logs in with a request of its own."""

    def __init__(
        self,
        base_url: str,
        auth: CookieLogin | JsonLogin | OAuth2,
        credentials: Rotating[Credentials],
        *,
        client: HttpClient,
        clock: Clock,
    ) -> None:
        self._auth = auth
        self._client = client
        self._clock = clock
        self._base_url = base_url
        self._credentials = credentials

    async def log_in(self) -> Grant:
        """Return what a login brings; raises `SourceError`s, which quote nothing of the answer."""
        # There may be others in their files by now, which may be why a login is wanted.
        await self._credentials.refresh()
        auth = self._auth
        call = _write(self._base_url, auth, self._credentials.value)
        answer = await self._client.request(call.method, call.url, call.headers, call.body)
        statuses = _OAUTH2_STATUS if isinstance(auth, OAuth2) else auth.status
        if answer.status not in statuses:
            raise status_error(call.where, answer, self._clock.now(), quote=False)
        if isinstance(auth, CookieLogin):
            cookie = read_cookie(answer, auth.cookie)
            if cookie is None:
                raise _nothing(call, answer, f"no usable cookie {auth.cookie} in Set-Cookie")
            return Grant({"Cookie": f"{auth.cookie}={cookie}"}, auth.lifetime)
        return self._read_token(auth, call, answer)

    async def close(self) -> None:
        """Follow no files any more, and close all connections."""
        self._credentials.close()
        await self._client.close()

    def _read_token(self, auth: JsonLogin | OAuth2, call: Call, answer: Answer) -> Grant:
        value = read_document(call.where, answer.body, quote=False)
        expression, expires_in, lifetime_s = _OAUTH2_TOKEN, _OAUTH2_LIFETIME, None
        if isinstance(auth, JsonLogin):
            expression, lifetime_s = auth.token, auth.lifetime
            expires_in = auth.expires_in or Expression("null")
        try:
            token = expression.search(value)
            told_s = number_of(expires_in.search(value))
        except UnusableError as exc:
            raise BadPayload(f"{call.where} gave an answer without a readable token: {exc}") from None
        if token is None or token == "":
            raise _nothing(call, answer, f"no token: auth.token ({excerpt(expression.text)}) yields nothing")
        if not isinstance(token, str) or not (token.isascii() and token.isprintable()) or " " in token:
            says = f"auth.token ({excerpt(expression.text)}) yields what no header can carry"
            raise BadPayload(f"{call.where} gave a token that cannot be used: {says}")
        headers = {"Authorization": f"Bearer {token}"}
        if isinstance(auth, JsonLogin):
            headers = {name: text.fill({ACCESS_TOKEN: token}) for name, text in auth.headers.items()}
        return Grant(headers, told_s if told_s is not None and told_s > 0 else lifetime_s)


def build_asking(
    base_url: str, auth: Auth, credentials: Rotating[Credentials], *, client: HttpClient, clock: Clock
) -> Asking:
    """Return what asks with these credentials."""
    is_given = bool(credentials.value.values())
    if isinstance(auth, NoAuth) or (not is_given and not isinstance(auth, OAuth2) and auth.optional):
        return Constant(credentials, lambda _: {})
    match auth:
        case BearerAuth():
            return Constant(credentials, lambda given: {"Authorization": f"Bearer {given.token}"})
        case BasicAuth():
            return Constant(credentials, lambda given: {"Authorization": f"Basic {given.values()[BASIC]}"})
        case HeaderAuth():
            return Constant(credentials, partial(_fill, auth.headers))
        case _:
            login = Login(base_url, auth, credentials, client=client, clock=clock)
            return Session(login.log_in, clock, login.close)


def _fill(headers: Mapping[str, Template], credentials: Credentials) -> Mapping[str, str]:
    values = credentials.values()
    return {name: text.fill(values) for name, text in headers.items()}


def _write(base_url: str, auth: CookieLogin | JsonLogin | OAuth2, credentials: Credentials) -> Call:
    if not isinstance(auth, OAuth2):
        segments = {name: quote(value, safe="") for name, value in credentials.values().items()}
        return RequestWriter(base_url, auth.login).write(segments)
    form = {"grant_type": "client_credentials", "scope": auth.scope, "audience": auth.audience}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if auth.send == "header":
        headers["Authorization"] = f"Basic {credentials.client_basic}"
    else:
        form |= {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
    url = f"{base_url}{auth.token_url}" if auth.token_url.startswith("/") else auth.token_url
    return Call("POST", url, headers, urlencode({key: value for key, value in form.items() if value}).encode())


def _nothing(call: Call, answer: Answer, what: str) -> SourceUnauthorized:
    """Return the error for a login that was answered, and brought nothing: many APIs refuse a password that way."""
    return SourceUnauthorized(f"{call.where} answered HTTP {answer.status} with {what}")
