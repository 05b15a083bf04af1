"""Credentials that are sent as they are: headers that are the same for all requests."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from jobwatchd.description.auth import BASIC, BasicAuth, BearerAuth, Credentials, HeaderAuth
from jobwatchd.http.authentication.contract import Authentication, Proof, Site
from jobwatchd.http.request import HttpRequest
from jobwatchd.rotation import Rotating

C = TypeVar("C")


class ConstantHeaders(Generic[C]):
    """Proves with headers that `write` makes of the credentials, anew when those change; see `Authentication`."""

    renewed = "though they were read again"

    def __init__(self, credentials: Rotating[C], write: Callable[[C], Mapping[str, str]]) -> None:
        self._credentials = credentials
        self._write = write
        self._take(credentials.value)
        credentials.listen(self._take)

    @classmethod
    def nothing(cls) -> "ConstantHeaders[None]":
        """Return what proves nothing."""
        return ConstantHeaders(Rotating.constant(None), lambda _: {})

    def prove(self, request: HttpRequest) -> Proof:  # noqa: ARG002 - the same for all
        """Return the headers, whatever the request."""
        return self._proof

    async def renew(self, request: HttpRequest, refused: Proof | None) -> Proof | None:  # noqa: ARG002
        """Look at the files; return the headers that are made of what is in them now, None where those were refused."""
        await self._credentials.refresh()
        return None if self._proof is refused else self._proof

    async def close(self) -> None:
        """Follow no files any more."""
        self._credentials.close()

    def _take(self, credentials: C) -> None:
        self._proof = Proof(self._write(credentials))


def build_bearer(auth: BearerAuth, site: Site) -> Authentication:  # noqa: ARG001 - it has no options
    """Return what proves by the user's token."""
    return ConstantHeaders(site.credentials, lambda given: {"Authorization": f"Bearer {given.token}"})


def build_basic(auth: BasicAuth, site: Site) -> Authentication:  # noqa: ARG001 - it has no options
    """Return what proves by the user's name and password."""
    return ConstantHeaders(site.credentials, lambda given: {"Authorization": f"Basic {given.values()[BASIC]}"})


def build_header(auth: HeaderAuth, site: Site) -> Authentication:
    """Return what proves by these headers."""

    def fill(credentials: Credentials) -> Mapping[str, str]:
        values = credentials.values()
        return {name: text.fill(values) for name, text in auth.headers.items()}

    return ConstantHeaders(site.credentials, fill)
