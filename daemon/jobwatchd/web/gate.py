"""Who may use the API."""

from collections.abc import Callable, Collection
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from jobwatchd.web.problems import ProblemResponse

Tokens = Callable[[], Collection[str]]


class BearerGate:
    """Lets requests under `/v1` pass that carry one of the tokens, before anything else of them is looked at.

    `tokens` is asked at each request. Where there are none the API is open, but to clients on this machine only.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, or pass the request on."""
        if scope["type"] != "http" or not _is_guarded(scope["path"]):
            await self._app(scope, receive, send)
            return
        objection = self._objection(scope)
        if objection is None:
            await self._app(scope, receive, send)
        else:
            refusal = ProblemResponse(401, objection, headers={"WWW-Authenticate": "Bearer"})
            await refusal(scope, receive, send)

    def _objection(self, scope: Scope) -> str | None:
        tokens = self._tokens()
        if not tokens:
            if _is_local(scope):
                return None
            return "No tokens are configured, so the API answers clients on its own machine only."
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, token = given.partition(b" ")
        if scheme.lower() != b"bearer":
            return "A token is needed: send the header `Authorization: Bearer …`."
        # Every token is compared, whole, so that the time taken tells nothing about any of them.
        matches = [compare_digest(token.strip(), known.encode()) for known in tokens]
        return None if any(matches) else "The token is not one of those configured."


def _is_guarded(path: str) -> bool:
    return path == "/v1" or path.startswith("/v1/")


def _is_local(scope: Scope) -> bool:
    client = scope.get("client")
    if client is None:
        return False
    try:
        address = ip_address(client[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
