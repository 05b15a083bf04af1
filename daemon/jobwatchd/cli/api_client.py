"""The HTTP API of a running daemon, as the command line uses it."""

import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from jobwatchd.errors import JobwatchError
from jobwatchd.model.shown import shown
from jobwatchd.redaction import SECRETS

TIMEOUT_S = 30.0
# The longest that the daemon lets a request wait for events, and some time to answer it.
LONG_POLL_TIMEOUT_S = 90.0
PAGE = 500

Query = Mapping[str, str | int | bool | list[str] | None]


class ApiError(JobwatchError):
    """The daemon could not be reached, or would not do it; the text says why in one sentence."""

    quotes_others = True

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ApiClient:
    """Asks the daemon at `base_url`, with `token` where it wants one. All calls raise `ApiError`, and nothing else."""

    def __init__(self, base_url: str, token: str | None = None) -> None:
        if not _is_http(base_url):
            raise ApiError(
                f"{shown(base_url)} is not the address of a daemon; expected one such as http://127.0.0.1:9464."
            )
        self._url = base_url.rstrip("/")
        if token is not None:
            SECRETS.add([token])
        # Proxies and netrc of the environment are for the world outside; the daemon is not there.
        self._http = httpx.Client(
            base_url=self._url,
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
            trust_env=False,
            verify=ssl.create_default_context(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def add_watch(self, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Follow a job; returns its watch, and whether that is new."""
        response = self._send("POST", "/v1/watches", json=wanted)
        return _document(response), response.status_code == HTTPStatus.CREATED

    def list_watches(self, query: Query) -> Iterator[dict[str, Any]]:
        """Yield all watches that fit, page after page."""
        after: int | None = 0
        while after is not None:
            page = self._get("/v1/watches", {"limit": PAGE, **query, "after": after})
            yield from page["items"]
            after = page["next"]

    def get_watch(self, watch_id: int) -> dict[str, Any]:
        """Return a watch with its history."""
        return self._get(f"/v1/watches/{watch_id}", {})

    def find_watch(self, name: str) -> dict[str, Any]:
        """Return the watch that a person calls `name`: its id, or the job's key such as `graph/1964`."""
        if name.isascii() and name.isdecimal():
            return self.get_watch(int(name))
        if "/" not in name:
            raise ApiError(f"{name!r} is no watch; expected its number, or the job's key such as graph/1964.")
        found = self._get("/v1/watches", {"key": name})["items"]
        if not found:
            raise ApiError(f"There is no watch of {name}.", HTTPStatus.NOT_FOUND)
        return self.get_watch(found[0]["id"])

    def remove_watch(self, watch_id: int) -> None:
        """Stop following a job."""
        self._send("DELETE", f"/v1/watches/{watch_id}")

    def events(self, query: Query) -> dict[str, Any]:
        """Return a page of events."""
        return self._get("/v1/events", query, timeout_s=LONG_POLL_TIMEOUT_S)

    def _get(self, path: str, query: Query, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        params = {name: value for name, value in query.items() if value is not None}
        return _document(self._send("GET", path, params=params, timeout=timeout_s))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.ConnectError as exc:
            raise ApiError(f"Nothing answers: is jobwatchd running? Tried {self._url}: {exc}.") from exc
        except httpx.TimeoutException as exc:
            raise ApiError(f"jobwatchd at {self._url} did not answer in time.") from exc
        except httpx.HTTPError as exc:
            raise ApiError(f"jobwatchd at {self._url} broke off: {exc}.") from exc
        if not response.is_success:
            raise ApiError(_explanation(response), response.status_code)
        return response


def _is_http(url: str) -> bool:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ApiError(f"{response.url} does not answer as jobwatchd would.")
    return document


def _explanation(response: httpx.Response) -> str:
    """Return what a problem document says, in one sentence."""
    if response.headers.get("content-type", "").partition(";")[0] != "application/problem+json":
        return f"{response.url} answered {response.status_code} {response.reason_phrase}; is that jobwatchd?"
    problem = _document(response)
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return f"{problem['detail']} Give the file that holds the token with --token-file."
    wrong = [f"{error['field']}: {error['detail']}" for error in problem.get("errors", ()) if error["field"]]
    return " ".join([problem["detail"], *(f"{each.rstrip('.')}." for each in wrong)])
