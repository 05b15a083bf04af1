"""Who may use the API, and from where.

Without tokens, being on this machine is what opens the API, and a browser on this machine runs the pages of strangers.
A page can have its own name resolved to a loopback address (DNS rebinding): then `Host` is that name. Or it sends a
request across: then `Origin` or `Sec-Fetch-Site` says so. No browser lets a page set these three. A page that comes
from this machine itself may ask: who serves it could as well.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from hmac import compare_digest
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Annotated

from fastapi import Depends, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from jobwatchd.model.api_token import ANONYMOUS
from jobwatchd.web.problems import ProblemResponse

# By their names, which are told to the log.
Tokens = Callable[[], Mapping[str, str]]
Headers = Iterable[tuple[bytes, bytes]]
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{0,5})?", re.ASCII)
_CROSSING = frozenset({"cross-site"})


class BearerGate:
    """Lets requests under `/v1` pass that carry one of the tokens, before anything else of them is looked at.

    `tokens` is asked at each request. Where there are none the API is open, but to clients on this machine only, and to
    no page of another site in their browsers.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on with the name of its token."""
        app = self._app
        if scope["type"] == "http" and f"{scope['path']}/".startswith("/v1/"):
            try:
                scope = {**scope, "state": {**scope.get("state", {}), "caller": self._caller(scope)}}
            except _RefusedError as refused:
                app = ProblemResponse(refused.status, str(refused), headers=refused.headers)
        await app(scope, receive, send)

    def _caller(self, scope: Scope) -> str:
        tokens = self._tokens()
        # Each reader of such a request may believe another one.
        if sum(name == b"host" for name, _ in scope["headers"]) > 1:
            raise _RefusedError(400, "The request has more than one Host header.")
        if tokens:
            return _owner(scope, tokens)
        client = scope.get("client")
        if client is None or not _is_local_client(client[0]):
            raise _RefusedError(401, "No tokens are configured, so the API answers clients on its own machine only.")
        _require_local(scope["headers"])
        return ANONYMOUS


async def _caller(request: Request) -> str:
    # The gate has let nothing pass without one; to fail is better than a change by nobody.
    return str(request.state.caller)


Caller = Annotated[str, Depends(_caller)]
"""The name of the token that a request came with."""


class _RefusedError(Exception):
    """A request may not pass; `status` is the answer, the text says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None


def _owner(scope: Scope, tokens: Mapping[str, str]) -> str:
    """Return the name of the token that a request carries."""
    given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    scheme, _, token = given.partition(b" ")
    if scheme.lower() != b"bearer":
        raise _RefusedError(401, "A token is needed: send the header `Authorization: Bearer …`.")
    # Every token is compared, whole, so that the time taken tells nothing about any of them.
    matches = [name for name, known in tokens.items() if compare_digest(token.strip(), known.encode())]
    if not matches:
        raise _RefusedError(401, "The token is not one of those configured.")
    return matches[0]


def _require_local(headers: Headers) -> None:
    """Refuse a request that was made for another host, or by a page of another one."""
    fields = [(name, value.decode("latin-1").strip()) for name, value in headers]
    hosts = [value for name, value in fields if name == b"host"]
    if not hosts or not all(map(_is_local_authority, hosts)):
        raise _RefusedError(
            421,
            "No tokens are configured, so the API answers to the names of this machine only: localhost, 127.0.0.1 or "
            "[::1] as Host, with any port.",
        )
    for name, value in fields:
        if (name == b"origin" and not _is_local_origin(value)) or (
            name == b"sec-fetch-site" and value.lower() in _CROSSING
        ):
            raise _RefusedError(403, "No tokens are configured, so the API does not answer to pages of other sites.")


def _is_local_authority(text: str) -> bool:
    """Whether host and port, as in a `Host` header, name this machine: `localhost:25629`, `127.0.0.1`, `[::1]:80`."""
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        return False
    host = found["host"].lower()
    return host == "localhost" or _is_local_client(host.strip("[]"))


def _is_local_client(address: str) -> bool:
    """Whether an IP address is one of this machine's own, also where IPv6 only wraps IPv4."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback


def _is_local_origin(text: str) -> bool:
    scheme, separator, authority = text.partition("://")
    return bool(separator) and scheme.lower() in {"http", "https"} and _is_local_authority(authority)
