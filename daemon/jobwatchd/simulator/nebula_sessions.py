"""Login sessions of a simulated NebulaGraph Explorer."""

from base64 import b64encode
from secrets import token_hex

from jobwatchd.ports import Clock

COOKIE = "explorer_token"


class Sessions:
    """Gives out tokens that end after `ttl_s` seconds, and after `uses` requests unless that is None."""

    def __init__(self, clock: Clock, *, ttl_s: float, uses: int | None) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._uses = uses
        self._open: dict[str, _Session] = {}

    def begin(self) -> str:
        """Return a new token."""
        now = self._clock.monotonic()
        self._open = {token: session for token, session in self._open.items() if session.ends_at_s > now}
        token = "eyJhb" + token_hex(16)
        self._open[token] = _Session(now + self._ttl_s, self._uses)
        return token

    def use(self, token: str) -> bool:
        """Whether a request with this token is let in; counts as one use of it."""
        session = self._open.get(token)
        if session is None or session.ends_at_s <= self._clock.monotonic():
            return False
        if session.uses_left is not None:
            if session.uses_left == 0:
                return False
            session.uses_left -= 1
        return True

    def end_all(self) -> None:
        """End every session, as a restart of the server does."""
        self._open.clear()


class _Session:
    __slots__ = ("ends_at_s", "uses_left")

    def __init__(self, ends_at_s: float, uses_left: int | None) -> None:
        self.ends_at_s = ends_at_s
        self.uses_left = uses_left


def login_header(account: str, password: str) -> str:
    """Return the Authorization header that `connect` wants: Workflow API overview."""
    return "Bearer " + b64encode(f"{account}:{password}".encode()).decode()


def token_in(cookie_header: str | None) -> str | None:
    """Return the token in a Cookie header, None where it holds none."""
    for pair in (cookie_header or "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE and value:
            return value
    return None
