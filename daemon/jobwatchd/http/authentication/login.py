"""Logins with the user's credentials: what the kinds have in common."""

from collections.abc import Callable, Collection
from urllib.parse import quote

from jobwatchd.description.auth import Credentials, LoginRequest
from jobwatchd.errors import SourceUnauthorized
from jobwatchd.http.authentication.session import Grant, LoginSession
from jobwatchd.http.authentication.site import Site
from jobwatchd.http.request import HttpRequest
from jobwatchd.http.request_writer import RequestWriter
from jobwatchd.http.status import status_error
from jobwatchd.ports import Answer, HttpClient

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
