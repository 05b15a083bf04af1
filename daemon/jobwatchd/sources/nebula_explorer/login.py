"""A login at NebulaGraph Explorer."""

import base64
from dataclasses import dataclass

import orjson

from jobwatchd.errors import BadPayload, JobNotFound, SourceRejected
from jobwatchd.http.answer import bare_url
from jobwatchd.http.authentication.kinds import read_cookie
from jobwatchd.http.authentication.session import Grant
from jobwatchd.ports import Clock, HttpClient
from jobwatchd.rotation import Rotating
from jobwatchd.sources.nebula_explorer.payload import read_envelope

COOKIE = "explorer_token"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class NebulaAccount:
    """Who logs in, and to which graph service."""

    name: str
    password: Rotating[str]
    graphd_address: str
    graphd_port: int


class NebulaLogin:
    """Logs in; implements `http.authentication.session.Login`."""

    def __init__(self, url: str, account: NebulaAccount, clock: Clock) -> None:
        self._url = url
        self._account = account
        self._login_body = orjson.dumps({"address": account.graphd_address, "port": account.graphd_port})
        self._clock = clock

    async def log_in(self, client: HttpClient) -> Grant:
        """Return the cookie that a login brings; raises `SourceError`s, which quote nothing of the answer."""
        # There may be another in its file by now, which may be why a login is wanted.
        await self._account.password.refresh()
        credentials = base64.b64encode(f"{self._account.name}:{self._account.password.value}".encode()).decode()
        headers = {**_JSON, "Authorization": f"Bearer {credentials}"}
        answer = await client.request("POST", self._url, headers, self._login_body)
        where = f"POST {bare_url(self._url)}"
        try:
            read_envelope(where, answer, self._clock.now(), quote=False)
        except JobNotFound as exc:
            raise SourceRejected(str(exc)) from None
        # The documentation's own example has a stray `#` among the attributes; it does no harm, they are not read.
        token = read_cookie(answer, COOKIE)
        if token is None:
            raise BadPayload(f"{where} let us in without a usable cookie {COOKIE}; expected it in Set-Cookie")
        return Grant({**_JSON, "Cookie": f"{COOKIE}={token}"})

    async def close(self) -> None:
        """Follow the password's file no more."""
        self._account.password.close()
