"""A login, kept and renewed for all requests that need it."""

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TypeVar

import anyio

from jobwatchd.errors import SourceError, SourceUnauthorized
from jobwatchd.ports import Answer, Clock
from jobwatchd.redaction import SECRETS, credentials_in

# A token is renewed when a tenth of its life is left, but no sooner than this before its end.
LONGEST_MARGIN_S = 60.0

T = TypeVar("T")
Send = Callable[[Mapping[str, str]], Awaitable[Answer]]
"""Sends one request with these headers."""


class SessionRefused(SourceUnauthorized):
    """The token was refused; a new login may help."""


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """What a login brought: the headers that prove it, and how long they will, None where nobody said."""

    headers: Mapping[str, str]
    lifetime_s: float | None = None


class Session:
    """Asks with what the last login brought, and logs in where there was none, it is about to end, or is refused.

    One login is under way at a time; whoever needs one meanwhile waits for it and shares its outcome, good or bad, so
    that a wrong password is not tried once for every waiting poll. `log_in` raises `SourceError`s.
    """

    def __init__(
        self, log_in: Callable[[], Awaitable[Grant]], clock: Clock, close: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._log_in = log_in
        self._close = close
        self._clock = clock
        self._lock = anyio.Lock()
        self._grant: Grant | None = None
        self._renew_at_s: float | None = None
        self._logins = 0
        self._failure: SourceError | None = None

    async def ask(self, send: Send, read: Callable[[Answer], T]) -> T:
        """Return what `read` makes of the answer to a request that is sent with the headers of a login.

        Where `read` raises `SessionRefused`, it is asked once more after a new login. Raises `SourceError`s;
        `SourceUnauthorized` where what the new login brought is refused too.
        """
        grant = self._grant
        if grant is None or (self._renew_at_s is not None and self._clock.monotonic() >= self._renew_at_s):
            grant = await self._renew(grant)
        try:
            return read(await send(grant.headers))
        except SessionRefused:
            grant = await self._renew(grant)
        try:
            return read(await send(grant.headers))
        except SessionRefused as exc:
            raise SourceUnauthorized(f"{exc}, even after a new login") from None

    async def close(self) -> None:
        """Close what logs in."""
        if self._close is not None:
            await self._close()

    async def _renew(self, old: Grant | None) -> Grant:
        """Return another grant than the old one, from a new login unless somebody else has made one."""
        logins = self._logins
        async with self._lock:
            if self._grant is not None and self._grant is not old:
                return self._grant
            if self._failure is not None and self._logins != logins:
                raise copy(self._failure)
            self._grant = None  # polls that begin from here on wait for the login instead of being refused
            try:
                grant = await self._log_in()
            except SourceError as exc:
                self._failure = copy(exc)
                self._logins += 1
                raise
            self._keep(grant)
            return grant

    def _keep(self, grant: Grant) -> None:
        SECRETS.remember(self, credentials_in(grant.headers))
        self._grant, self._failure = grant, None
        self._logins += 1
        life_s = grant.lifetime_s
        margin_s = 0.0 if life_s is None else min(LONGEST_MARGIN_S, life_s / 10)
        self._renew_at_s = None if life_s is None else self._clock.monotonic() + life_s - margin_s
