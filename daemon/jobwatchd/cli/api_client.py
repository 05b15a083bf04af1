"""The HTTP API of a running daemon, as the command line uses it."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from jobwatchd.errors import JobwatchError
from jobwatchd.model.notation import shown
from jobwatchd.redaction import SECRETS

TIMEOUT_S = 30.0
# The longest that the daemon lets a request wait for events, and some time to answer it.
LONG_POLL_TIMEOUT_S = 90.0
PAGE = 500
WATCH = ("id", "key", "state", "lost", "state_since", "labels")

_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})

Query = Mapping[str, str | int | bool | list[str] | None]


class ApiError(JobwatchError):
    """The daemon could not be reached, or would not do it; the text says why in one sentence.

    `status` is the HTTP status that it gave for it, None where it gave none, or somebody else did.
    """

    quotes_others = True

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def passes(self) -> bool:
        """Whether the same may go well later: the daemon, or what is in front of it, could not answer now."""
        return self.status is None or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status in _LATER


class ApiClient:
    """Asks the daemon at `base_url`, with `token` where it wants one. All calls raise `ApiError`, and nothing else."""

    def __init__(self, base_url: str, token: str | None = None) -> None:
        if not _is_http(base_url):
            says = f"{shown(base_url)} is not the address of a daemon; expected one such as http://127.0.0.1:25629."
            raise ApiError(says, HTTPStatus.BAD_REQUEST)
        self._url = base_url.rstrip("/")
        if token is not None:
            SECRETS.add([token])
        # Proxies and netrc of the environment are for the world outside; the daemon is not there.
        self._http = httpx.Client(
            base_url=self._url,
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
            trust_env=False,
            verify=_tls(self._url),
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def add_watch(self, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Follow a job; returns its watch, and whether that is new."""
        response = self._send("POST", "/v1/watches", json=wanted)
        return _document(response, WATCH), response.status_code == HTTPStatus.CREATED

    def add_watches(self, wanted: Sequence[Mapping[str, Any]]) -> Sequence[tuple[dict[str, Any], bool]]:
        """Follow several jobs, all of them or none; returns the watch of each, and whether that is new."""
        added = _document(self._send("POST", "/v1/watches/batch", json=wanted), ("items",))["items"]
        return [(each["watch"], each["created"]) for each in added]

    def list_watches(self, query: Query) -> Iterator[dict[str, Any]]:
        """Return all watches that fit, read page after page."""
        return self._all("/v1/watches", query)

    def get_watch(self, watch_id: int) -> dict[str, Any]:
        """Return a watch with its history."""
        return self._get(f"/v1/watches/{watch_id}", {}, (*WATCH, "observation", "history"))

    def find_watch(self, key: str) -> int | None:
        """Return the id of the watch of a job; None where there is none."""
        found = self._get("/v1/watches", {"key": key}, ("items",))["items"]
        return found[0]["id"] if found else None

    def sources(self) -> Sequence[str]:
        """Return the names of the daemon's sources."""
        return [source["name"] for source in self._get("/v1/status", {}, ("sources",))["sources"]]

    def remove_watch(self, watch_id: int) -> None:
        """Stop following a job."""
        self._send("DELETE", f"/v1/watches/{watch_id}")

    def events(self, query: Query) -> dict[str, Any]:
        """Return a page of events."""
        return self._get("/v1/events", query, ("items", "next"), timeout_s=LONG_POLL_TIMEOUT_S)

    def dead_letters(self, query: Query) -> Iterator[dict[str, Any]]:
        """Return all dead letters that fit, read page after page."""
        return self._all("/v1/dead-letters", query)

    def replay(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Have a page of dead letters sent again; returns how many, and where to go on."""
        return _document(self._send("POST", "/v1/dead-letters/replay", json=wanted), ("replayed", "next"))

    def sinks(self) -> list[dict[str, Any]]:
        """Return how all sinks fare."""
        found: list[dict[str, Any]] = self._get("/v1/status", {}, ("sinks",))["sinks"]
        return found

    def enable_sink(self, name: str) -> bool:
        """Go on with a sink; returns whether it was off."""
        answer = self._send("POST", f"/v1/sinks/{quote(name, safe='')}/enable")
        return bool(_document(answer, ("enabled",))["enabled"])

    def _all(self, path: str, query: Query) -> Iterator[dict[str, Any]]:
        page: dict[str, Any] = {"next": query.get("after", 0)}
        while page["next"] is not None:
            page = self._get(path, {**query, "after": page["next"], "limit": PAGE}, ("items", "next"))
            yield from page["items"]

    def _get(self, path: str, query: Query, expected: Sequence[str], timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        params = {name: value for name, value in query.items() if value is not None}
        return _document(self._send("GET", path, params=params, timeout=timeout_s), expected)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.ConnectError as exc:
            if "WRONG_VERSION_NUMBER" in str(exc):
                raise ApiError(f"{self._url} does not speak TLS; write http:// instead of https://.") from exc
            raise ApiError(
                f"Nothing answers: is jobwatchd running? Tried {self._url}: {exc}. "
                "Start it with `jobwatchd run -c FILE`, or say with --url where it is."
            ) from exc
        except httpx.TimeoutException as exc:
            raise ApiError(f"jobwatchd at {self._url} did not answer in time.") from exc
        except httpx.HTTPError as exc:
            raise ApiError(f"jobwatchd at {self._url} broke off: {exc}.") from exc
        if not response.is_success:
            raise _refusal(response)
        return response


def _tls(url: str) -> ssl.SSLContext:
    """Return what verifies the daemon; without TLS nothing is read for it, which takes longer than most answers."""
    is_needed = httpx.URL(url).scheme == "https"
    return ssl.create_default_context() if is_needed else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _is_http(url: str) -> bool:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)


def _document(response: httpx.Response, expected: Sequence[str]) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict) or not document.keys() >= set(expected):
        raise ApiError(f"{_bare(response)} does not answer as jobwatchd would; is that its address?")
    return document


def _refusal(response: httpx.Response) -> ApiError:
    """Return what a problem document says, in one sentence."""
    status = response.status_code
    if response.headers.get("content-type", "").partition(";")[0] != "application/problem+json":
        says = f"{_bare(response)} answered {status} {response.reason_phrase}; is that jobwatchd?"
        return ApiError(says, status if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} else None)
    problem = _document(response, ("detail",))
    if status == HTTPStatus.UNAUTHORIZED:
        return ApiError(f"{problem['detail']} Give the file that holds the token with --token-file.", status)
    wrong = [f"{error['field']}: {error['detail']}" for error in problem.get("errors", ()) if error["field"]]
    return ApiError(" ".join([problem["detail"], *(f"{each.rstrip('.')}." for each in wrong)]), status)


def _bare(response: httpx.Response) -> str:
    return str(response.url.copy_with(query=None))
