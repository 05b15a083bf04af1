"""A login at NebulaGraph Explorer, and requests that go with it."""

import base64
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import orjson

from jobwatchd.errors import BadPayload, JobNotFound, SourceRejected
from jobwatchd.ports import Answer, Clock, HttpClient
from jobwatchd.sources.cookie import read_cookie
from jobwatchd.sources.nebula_payload import read_envelope
from jobwatchd.sources.session import Grant, Session
from jobwatchd.sources.status import bare_url

T = TypeVar("T")

COOKIE = "explorer_token"
_JSON = {"Content-Type": "application/json"}


class NebulaSession:
    """Asks with the session's cookie; see `session.Session` for when it logs in."""

    def __init__(
        self, url: str, *, account: str, password: str, graphd: tuple[str, int], client: HttpClient, clock: Clock
    ) -> None:
        credentials = base64.b64encode(f"{account}:{password}".encode()).decode()
        self._url = url
        self._login_headers = {**_JSON, "Authorization": f"Bearer {credentials}"}
        self._login_body = orjson.dumps({"address": graphd[0], "port": graphd[1]})
        self._client = client
        self._clock = clock
        self._session = Session(self._log_in, clock)

    def get(self, url: str, read: Callable[[Answer], T]) -> Coroutine[Any, Any, T]:
        """Return what `read` makes of an answer; see `session.Session.ask`."""
        request = self._client.request
        return self._session.ask(lambda headers: request("GET", url, headers), read)

    async def _log_in(self) -> Grant:
        answer = await self._client.request("POST", self._url, self._login_headers, self._login_body)
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
