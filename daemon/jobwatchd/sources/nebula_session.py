"""A login at NebulaGraph Explorer, kept and renewed for all requests that need it."""

import base64
from collections.abc import Mapping, Sequence
from copy import copy

import anyio
import orjson

from jobwatchd.errors import BadPayload, JobNotFound, SourceError, SourceRejected, SourceUnauthorized
from jobwatchd.ports import Clock
from jobwatchd.sources.http.client import Answer, HttpClient
from jobwatchd.sources.nebula_payload import SessionRefused, read_envelope
from jobwatchd.sources.payload import digest_of
from jobwatchd.sources.status import OK, bare_url

COOKIE = "explorer_token"
_JSON = {"Content-Type": "application/json"}


class NebulaSession:
    """Asks with the session's cookie, and logs in where there is none or it was refused.

    One login is under way at a time; whoever needs one meanwhile waits for it and shares its outcome, good or bad, so
    that a wrong password is not tried once for every waiting poll.
    """

    def __init__(
        self, url: str, *, account: str, password: str, graphd: tuple[str, int], client: HttpClient, clock: Clock
    ) -> None:
        credentials = base64.b64encode(f"{account}:{password}".encode()).decode()
        self._url = url
        self._login_headers = {**_JSON, "Authorization": f"Bearer {credentials}"}
        self._login_body = orjson.dumps({"address": graphd[0], "port": graphd[1]})
        self._client = client
        self._clock = clock
        self._lock = anyio.Lock()
        self._headers: Mapping[str, str] | None = None
        self._logins = 0
        self._failure: SourceError | None = None

    async def get(self, url: str, digest: int = 0) -> tuple[int, object, bytes]:
        """Return an answer's digest, the `data` of its envelope and its body; no data where the digest is as given.

        Raises `SourceError`s; `JobNotFound` where the API says that there is no such thing.
        """
        headers = self._headers or await self._renew(None)
        try:
            return await self._ask(url, headers, digest)
        except SessionRefused:
            headers = await self._renew(headers)
        try:
            return await self._ask(url, headers, digest)
        except SessionRefused as exc:
            raise SourceUnauthorized(f"{exc}, even after a new login") from None

    async def _ask(self, url: str, headers: Mapping[str, str], digest: int) -> tuple[int, object, bytes]:
        answer = await self._client.request("GET", url, headers)
        body = answer.body
        seen = digest_of(body)
        # Only answers that were read well have a digest, so an equal one holds no refusal.
        if seen == digest and answer.status == OK:
            return seen, None, body
        return seen, read_envelope(f"GET {bare_url(url)}", answer, self._clock.now()), body

    async def _renew(self, refused: Mapping[str, str] | None) -> Mapping[str, str]:
        """Return headers other than the `refused` ones, from a new login unless somebody else has made one."""
        logins = self._logins
        async with self._lock:
            if self._headers is not None and self._headers is not refused:
                return self._headers
            if self._failure is not None and self._logins != logins:
                raise copy(self._failure)
            self._headers = None  # polls that begin from here on wait for the login instead of being refused
            try:
                self._headers = await self._log_in()
            except SourceError as exc:
                self._failure = copy(exc)
                self._logins += 1
                raise
            self._failure = None
            self._logins += 1
            return self._headers

    async def _log_in(self) -> Mapping[str, str]:
        answer = await self._client.request("POST", self._url, self._login_headers, self._login_body)
        where = f"POST {bare_url(self._url)}"
        try:
            read_envelope(where, answer, self._clock.now(), quote=False)
        except JobNotFound as exc:
            raise SourceRejected(str(exc)) from None
        token = _token(answer)
        if token is None:
            raise BadPayload(f"{where} let us in without a usable cookie {COOKIE}; expected it in Set-Cookie")
        return {**_JSON, "Cookie": f"{COOKIE}={token}"}


def _token(answer: Answer) -> str | None:
    """Return the token that an answer sets; None without one, or where it could not be sent back as a header.

    Only the first pair of a Set-Cookie counts: the documentation's own example has a stray `#` among the attributes,
    and a token's end is learned from its being refused anyway.
    """
    cookies: Sequence[str] = answer.headers("Set-Cookie")
    for cookie in cookies:
        name, _, value = cookie.partition(";")[0].partition("=")
        token = value.strip()
        if name.strip() == COOKIE and token and token.isascii() and token.isprintable() and " " not in token:
            return token
    return None
