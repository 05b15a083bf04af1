"""Asking with credentials."""

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from jobwatchd.errors import SourceUnauthorized
from jobwatchd.http.session import Send, SessionRefused
from jobwatchd.ports import Answer
from jobwatchd.rotation import Rotating

T = TypeVar("T")
C = TypeVar("C")


class Asking(Protocol):
    """Asks with credentials; see `Session.ask`."""

    async def ask(self, send: Send, read: Callable[[Answer], T]) -> T:
        """Return what `read` makes of the answer to a request with the headers that prove who is asking."""

    async def close(self) -> None:
        """Follow no files any more, and close the connections of logins."""


class Constant(Generic[C]):
    """Asks with headers that need no login; `write` makes them of the credentials, anew when those change."""

    def __init__(self, credentials: Rotating[C], write: Callable[[C], Mapping[str, str]]) -> None:
        self._credentials = credentials
        self._write = write
        self._headers = write(credentials.value)
        credentials.listen(self._renew)

    async def ask(self, send: Send, read: Callable[[Answer], T]) -> T:
        """Return what `read` makes of the answer; raises `SourceUnauthorized` where the credentials are refused.

        Where `read` raises `SessionRefused`, the files of the credentials are looked at, and if there are others in
        them, it is asked once more.
        """
        headers = self._headers
        try:
            return read(await send(headers))
        except SessionRefused as exc:
            await self._credentials.refresh()
            if self._headers is headers:
                raise SourceUnauthorized(str(exc)) from None
        try:
            return read(await send(self._headers))
        except SessionRefused as exc:
            raise SourceUnauthorized(f"{exc}, though they were read again") from None

    async def close(self) -> None:
        """Follow no files any more."""
        self._credentials.close()

    def _renew(self, credentials: C) -> None:
        self._headers = self._write(credentials)
