"""Who may use the API."""

from collections.abc import Callable, Mapping
from hmac import compare_digest

from starlette.types import ASGIApp, Receive, Scope, Send

from jobwatchd.model.api_token import ANONYMOUS
from jobwatchd.web.audit import called_by
from jobwatchd.web.origin import Foreign, is_local_client, require_local, require_one_host
from jobwatchd.web.problems import ProblemResponse

# By their names, which are told to the log.
Tokens = Callable[[], Mapping[str, str]]


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
        if scope["type"] == "http" and _is_guarded(scope["path"]):
            try:
                scope = called_by(scope, self._caller(scope))
            except Foreign as foreign:
                app = ProblemResponse(foreign.status, str(foreign))
            except _NoTokenError as objection:
                app = ProblemResponse(401, str(objection), headers={"WWW-Authenticate": "Bearer"})
        await app(scope, receive, send)

    def _caller(self, scope: Scope) -> str:
        tokens = self._tokens()
        require_one_host(scope["headers"])
        if tokens:
            return _owner(scope, tokens)
        if not _is_local(scope):
            raise _NoTokenError("No tokens are configured, so the API answers clients on its own machine only.")
        require_local(scope["headers"])
        return ANONYMOUS


class _NoTokenError(Exception):
    """A request has no token that opens; the text says why."""


def _owner(scope: Scope, tokens: Mapping[str, str]) -> str:
    """Return the name of the token that a request carries."""
    given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    scheme, _, token = given.partition(b" ")
    if scheme.lower() != b"bearer":
        raise _NoTokenError("A token is needed: send the header `Authorization: Bearer …`.")
    # Every token is compared, whole, so that the time taken tells nothing about any of them.
    matches = [name for name, known in tokens.items() if compare_digest(token.strip(), known.encode())]
    if not matches:
        raise _NoTokenError("The token is not one of those configured.")
    return matches[0]


def _is_guarded(path: str) -> bool:
    return path == "/v1" or path.startswith("/v1/")


def _is_local(scope: Scope) -> bool:
    client = scope.get("client")
    return client is not None and is_local_client(client[0])
