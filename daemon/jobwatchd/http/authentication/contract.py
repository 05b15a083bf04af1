"""What every kind of authentication keeps to, and what it is built with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from jobwatchd.description.auth import Credentials
from jobwatchd.errors import SourceUnauthorized
from jobwatchd.http.request import HttpRequest
from jobwatchd.ports import Clock, HttpClient
from jobwatchd.rotation import Rotating


class CredentialsRefused(SourceUnauthorized):
    """What a request proved was refused; another proof may help."""


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """Headers that prove who sends a request; `basis` is what they were made of, for an authentication that asks."""

    headers: Mapping[str, str]
    basis: object = None


class Authentication(Protocol):
    """Proves who sends a request.

    `renewed` ends the sentence about a request that was refused again after `renew`: "even after a new login".
    """

    renewed: str

    def prove(self, request: HttpRequest) -> Proof | None:
        """Return what to add to a request as it is about to be sent; None where `renew` has to come first.

        Every poll comes this way: what is the same for all requests is made once.
        """

    async def renew(self, request: HttpRequest, refused: Proof | None) -> Proof | None:
        """Return another proof than the one that was refused, or a first one; None where there is no other.

        Logs in, or looks at the files of the credentials. Raises `SourceError`s where that fails.
        """

    async def close(self) -> None:
        """Follow no files any more, and close the connections of logins."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where requests go and who sends them: logins below `base_url` are sent by `client`."""

    base_url: str
    credentials: Rotating[Credentials]
    client: HttpClient
    clock: Clock
