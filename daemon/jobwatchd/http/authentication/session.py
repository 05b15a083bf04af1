"""A login, kept and renewed for all requests that need it."""

from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

import anyio

from jobwatchd.description.auth import Credentials, LoginRequest
from jobwatchd.errors import SourceError, SourceUnauthorized
from jobwatchd.http.answer import status_error
from jobwatchd.http.authentication.contract import Proof, Site
from jobwatchd.http.request import HttpRequest, RequestWriter
from jobwatchd.http.wrappers import untapped
from jobwatchd.ports import Answer, Clock, HttpClient
from jobwatchd.redaction import SECRETS, credentials_in

# A token is renewed when a tenth of its life is left, but no sooner than this before its end.
LONGEST_MARGIN_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """What a login brought: the headers that prove it, and how long they will, None where nobody said."""

    headers: Mapping[str, str]
    lifetime_s: float | None = None


class Login(Protocol):
    """Knows how to log in at one kind of API."""

    async def log_in(self, client: HttpClient) -> Grant:
        """Return what a login brings; raises `SourceError`s, which quote nothing of the answer."""

    async def close(self) -> None:
        """Follow no files any more."""


class LoginSession:
    """Proves with what the last login brought; implements `Authentication`.

    Logs in where there was no login, it is about to end, or is refused. One login is under way at a time; whoever needs
    one meanwhile waits for it and shares its outcome, good or bad, so that a wrong password is not tried once for every
    waiting poll. `client`, which it owns, sends logins; a tap hears none of them, for the answers are secrets.
    """

    renewed = "even after a new login"

    def __init__(self, login: Login, client: HttpClient, clock: Clock) -> None:
        self._login = login
        self._client = untapped(client)
        self._clock = clock
        self._lock = anyio.Lock()
        self._proof: Proof | None = None
        self._renew_at_s: float | None = None
        self._logins = 0
        self._failure: SourceError | None = None

    def prove(self, request: HttpRequest) -> Proof | None:  # noqa: ARG002 - the same for all
        """Return what the last login brought; None where a new one is needed."""
        if self._renew_at_s is not None and self._clock.monotonic() >= self._renew_at_s:
            return None
        return self._proof

    async def renew(self, request: HttpRequest, refused: Proof | None) -> Proof:  # noqa: ARG002
        """Return what a new login brings, unless somebody else has made one; raises `SourceError`s."""
        old = self._proof if refused is None else refused
        logins = self._logins
        async with self._lock:
            if self._proof is not None and self._proof is not old:
                return self._proof
            if self._failure is not None and self._logins != logins:
                raise copy(self._failure)
            self._proof = None  # polls that begin from here on wait for the login instead of being refused
            try:
                grant = await self._login.log_in(self._client)
            except SourceError as exc:
                self._failure = copy(exc)
                self._logins += 1
                raise
            return self._keep(grant)

    async def close(self) -> None:
        """Close what logs in."""
        await self._login.close()
        await self._client.close()

    def _keep(self, grant: Grant) -> Proof:
        SECRETS.remember(self, credentials_in(grant.headers))
        proof = self._proof = Proof(grant.headers)
        self._failure = None
        self._logins += 1
        life_s = grant.lifetime_s
        margin_s = 0.0 if life_s is None else min(LONGEST_MARGIN_S, life_s / 10)
        self._renew_at_s = None if life_s is None else self._clock.monotonic() + life_s - margin_s
        return proof


Write = Callable[[Credentials], HttpRequest]
"""Writes the request that logs in."""
Read = Callable[[HttpRequest, Answer], Grant]
"""Returns what an answer with a good status grants; raises `SourceError`s, which quote nothing of it."""


class CredentialLogin:
    """Logs in with one request; implements `Login`."""

    def __init__(self, site: Site, statuses: Collection[int], write: Write, read: Read) -> None:
        self._site = site
        self._statuses = statuses
        self._write = write
        self._read = read

    async def log_in(self, client: HttpClient) -> Grant:
        """Return what a login brings; see `Login.log_in`."""
        # There may be others in their files by now, which may be why a login is wanted.
        await self._site.credentials.refresh()
        request = self._write(self._site.credentials.value)
        answer = await client.request(*request)
        if answer.status not in self._statuses:
            raise status_error(request.where, answer, self._site.clock.now(), quote=False)
        return self._read(request, answer)

    async def close(self) -> None:
        """Follow no files any more."""
        self._site.credentials.close()


def build_session(site: Site, statuses: Collection[int], write: Write, read: Read) -> LoginSession:
    """Return what keeps such a login."""
    return LoginSession(CredentialLogin(site, statuses, write, read), site.client, site.clock)


def write_login(site: Site, login: LoginRequest, credentials: Credentials) -> HttpRequest:
    """Return the request of a described login."""
    segments = {name: quote(value, safe="") for name, value in credentials.values().items()}
    return RequestWriter(site.base_url, login).write(segments)


def granted_nothing(request: HttpRequest, answer: Answer, what: str) -> SourceUnauthorized:
    """Return the error for a login that was answered, and brought nothing: many APIs refuse a password that way."""
    return SourceUnauthorized(f"{request.where} answered HTTP {answer.status} with {what}")
