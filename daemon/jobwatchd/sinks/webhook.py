"""The webhook sink: one HTTP POST an event, signed, without redirects."""

import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import MappingProxyType
from typing import cast

import anyio
import httpx

from jobwatchd.errors import SinkError, SinkGone, SinkRejected, SinkUnavailable
from jobwatchd.model.event import Event
from jobwatchd.model.retry_after import retry_after_s
from jobwatchd.ports import Clock
from jobwatchd.sinks.cloud_event import CONTENT_TYPE, cloud_event
from jobwatchd.sinks.endpoint import checked_headers, checked_url, tls_context
from jobwatchd.sinks.signature import Signer

# What httpx spends on a request grows with the square of its pool; eight connections carry over 1,000 events a second.
MAX_CONNECTIONS = 8
# Below the five seconds after which common servers drop an idle connection, so that we seldom write into a closed one.
IDLE_CONNECTION_S = 4.0
# An answer is read only so that its connection can be used again.
MAX_ANSWER = 65_536
RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Webhook:
    """Posts events to one URL as CloudEvents; implements `ports.Sink`.

    The first of `secrets` signs, the others do too while they are rotated out; without any, nothing is signed.
    `timeout_s` bounds an attempt from connecting to the last byte of the answer; `connections` how many run at a time,
    further ones wait before their time starts. `ca_file` holds the PEM certificates to trust instead of the system's.
    `headers` are sent along. A user name and password in `url` are sent as basic authentication. Raises `ConfigError`
    for what cannot work; neither that nor any other error shows more of the URL than its host and port.
    """

    durable = True

    def __init__(
        self,
        name: str,
        url: str,
        secrets: Sequence[str | bytes],
        clock: Clock,
        *,
        timeout_s: float = 15.0,
        connections: int = MAX_CONNECTIONS,
        ca_file: Path | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        place = f"webhook sink {name}"
        self.name = name
        self._url = checked_url(url, place)
        self._host = self._url.netloc.decode()
        self._signer = Signer(secrets, place)
        self._clock = clock
        self._timeout_s = timeout_s
        connections = min(connections, MAX_CONNECTIONS)
        self._slots = anyio.Semaphore(connections)
        self._client = _client(connections, tls_context(ca_file, place), checked_headers(headers, place))

    async def send(self, event: Event) -> None:
        """Post the event once; a 2xx whose answer came whole means that it was taken.

        Raises `SinkGone` for 410; `SinkUnavailable` for 408, 425, 429 and 5xx (with what Retry-After asks for), for
        time-outs, and where no whole answer came; `SinkRejected` for every other status, redirects among them.
        """
        async with self._slots:
            try:
                with anyio.fail_after(self._timeout_s):
                    response = await self._post(event)
            except TimeoutError as exc:
                raise SinkUnavailable(f"{self._host} did not answer in full within {self._timeout_s:g} s") from exc
            except httpx.ConnectError as exc:
                raise SinkUnavailable(f"connecting to {self._host} failed: {_root_cause(exc)}") from exc
            except httpx.TransportError as exc:
                # The text of these may quote what was sent or received, so it is not repeated.
                raise SinkUnavailable(f"{self._host} gave no whole HTTP answer ({type(exc).__name__})") from exc
        if not response.is_success:
            raise self._refusal(response)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _post(self, event: Event) -> httpx.Response:
        body = cloud_event(event)
        headers = {"content-type": CONTENT_TYPE, **self._signer.headers(event.id, body, self._clock.now())}
        async with self._client.stream("POST", self._url, content=body, headers=headers) as response:
            await _drain(response)
        return response

    def _refusal(self, response: httpx.Response) -> SinkError:
        status = response.status_code
        sentence = f"{self._host} answered {status} {response.reason_phrase[:80]}".rstrip()
        if status == HTTPStatus.GONE:
            return SinkGone(f"{sentence}; it wants no more events")
        if status in RETRIED or response.is_server_error:
            return SinkUnavailable(sentence, retry_after_s(response.headers.get("retry-after"), self._clock.now()))
        if response.has_redirect_location:
            return SinkRejected(f"{sentence}; redirects are not followed, configure the final URL")
        return SinkRejected(sentence)


def _client(connections: int, tls: ssl.SSLContext, headers: Mapping[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=tls,
        headers={"user-agent": "jobwatchd", **headers},
        limits=httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=IDLE_CONNECTION_S
        ),
        # One deadline over the whole attempt takes the place of httpx's four, which a trickle of bytes never meets.
        timeout=None,  # noqa: S113
        follow_redirects=False,
        trust_env=False,
        # Takes no cookies: an attempt does not depend on former answers.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


async def _drain(response: httpx.Response) -> None:
    """Read the answer as far as `MAX_ANSWER`; what is longer costs its connection."""
    size = 0
    # Closed before the response is, which an abandoned generator would not be.
    async with aclosing(cast("AsyncGenerator[bytes]", response.aiter_raw())) as chunks:
        async for chunk in chunks:
            size += len(chunk)
            if size >= MAX_ANSWER:
                return


def _root_cause(exc: BaseException) -> str:
    """Return the words of the system's own error; the outer ones only say that all attempts failed."""
    # httpcore does not chain what it wraps, but keeps it as its argument.
    while inner := exc.__cause__ or next((arg for arg in exc.args if isinstance(arg, BaseException)), None):
        exc = inner
    return (isinstance(exc, OSError) and exc.strerror) or str(exc) or type(exc).__name__
