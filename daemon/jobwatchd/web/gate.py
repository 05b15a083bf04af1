"""Who may use the API."""

from collections.abc import Callable, Collection
from hmac import compare_digest

from starlette.types import ASGIApp, Receive, Scope, Send

from jobwatchd.web.origin import Foreign, is_loopback, require_local, require_one_host
from jobwatchd.web.problems import ProblemResponse

Tokens = Callable[[], Collection[str]]


class BearerGate:
    """Lets requests under `/v1` pass that carry one of the tokens, before anything else of them is looked at.

    `tokens` is asked at each request. Where there are none the API is open, but to clients on this machine only, and to
    no page of another site in their browsers.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        refusal = self._refusal(scope) if scope["type"] == "http" and _is_guarded(scope["path"]) else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ProblemResponse | None:
        tokens = self._tokens()
        try:
            require_one_host(scope["headers"])
            if not tokens and _is_local(scope):
                require_local(scope["headers"])
                return None
        except Foreign as foreign:
            return ProblemResponse(foreign.status, str(foreign))
        objection = _objection(scope, tokens)
        return None if objection is None else ProblemResponse(401, objection, headers={"WWW-Authenticate": "Bearer"})


def _objection(scope: Scope, tokens: Collection[str]) -> str | None:
    if not tokens:
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
    return client is not None and is_loopback(client[0])
