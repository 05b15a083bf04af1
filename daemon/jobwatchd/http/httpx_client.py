"""The HTTP client port on httpx, pure Python."""

import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from math import ceil
from operator import attrgetter
from typing import cast

import anyio
import httpx

from jobwatchd.errors import JobwatchError
from jobwatchd.http.body import Body
from jobwatchd.http.certificates import Certificates, build_ssl_context, follow_certificates
from jobwatchd.http.client import HttpOptions, check_options
from jobwatchd.http.failures import find_bad_header
from jobwatchd.http.limits import Lease, NoRoomError, Share, Slots

# httpcore looks through its whole pool on every request, so that the cost of a large one grows with its square.
POOL_SIZE = 8

# The first that fits tells; `{0}` is the connect timeout, `{1}` the read timeout, `{2}` the root cause.
FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ConnectTimeout, "no connection within {0:g} s"),
    (httpx.ReadTimeout, "timed out while waiting for an answer or the rest of it (read timeout {1:g} s)"),
    (httpx.WriteTimeout, "timed out while sending the request ({1:g} s)"),
    (httpx.ConnectError, "could not connect ({2})"),
    (httpx.ProxyError, "the proxy refused ({2})"),
    (httpx.UnsupportedProtocol, "the URL is not valid"),
    # The root cause is left out because it may quote what came, and a server may send back what it was sent.
    (httpx.ProtocolError, "no answer, or one that breaks off or is not HTTP"),
    (httpx.TransportError, "the connection broke ({2})"),
    (OSError, "the connection broke ({2})"),
)


class HttpxAnswer:
    """A response whose body was read."""

    __slots__ = ("_headers", "body", "status")

    def __init__(self, status: int, headers: httpx.Headers, body: bytes) -> None:
        self.status = status
        self.body = body
        self._headers = headers

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in any case."""
        return next(iter(self._headers.get_list(name)), None)

    def headers(self, name: str) -> Sequence[str]:
        """Return all headers of this name, in order."""
        return self._headers.get_list(name)


class HttpxClient:
    """Sends requests through httpx; implements `HttpClient`.

    One request costs some twenty times what it costs with pyreqwest; what is cancelled is aborted at once.
    """

    def __init__(self, options: HttpOptions) -> None:
        check_options(options)
        self._options = options
        self._slots = Slots(options.connections, options.total_timeout_s)
        self._share = Share(options.memory, most=options.max_body + 1, wait_s=options.total_timeout_s)
        self._failures = options.failures
        self._defaults = {"Accept": "*/*", "User-Agent": options.user_agent}
        if not options.cut_body:
            self._defaults["Accept-Encoding"] = "gzip"
        self._timeouts = {
            "connect": options.connect_timeout_s,
            "read": options.read_timeout_s,
            "write": options.read_timeout_s,
            "pool": options.total_timeout_s,
        }
        self._certificates = follow_certificates(options, self._renew)
        self._pools = _build_pools(options, self._certificates.value)
        self._retired: list[_Pool] = []

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> HttpxAnswer:
        """Send a request and read its answer; see `HttpClient.request`."""
        where = f"{self._failures.name(method, url)} failed"
        request = self._build_request(where, method, url, headers, body)
        if self._retired:
            await self._close_retired()
        try:
            await self._slots.take()
        except TimeoutError as exc:
            raise self._failures.unavailable(f"{where}: all connections are in use.") from exc
        lease = Lease(self._share)
        try:
            return await self._ask(where, request, lease)
        except NoRoomError as exc:
            raise self._failures.unreadable(f"{where}: {exc}.") from None
        except (httpx.TransportError, OSError) as exc:
            raise self._translate(where, exc) from exc
        finally:
            lease.end()
            self._slots.give_back()

    async def close(self) -> None:
        """Close all connections."""
        self._certificates.close()
        for pool in (*self._pools, *self._retired):
            await pool.transport.aclose()

    def _renew(self, certificates: Certificates) -> None:
        """Ask by new certificates from now on; pools of the old ones are closed once nothing is in flight on them."""
        self._retired += self._pools
        self._pools = _build_pools(self._options, certificates)

    async def _close_retired(self) -> None:
        idle = [pool for pool in self._retired if not pool.in_flight]
        self._retired = [pool for pool in self._retired if pool.in_flight]
        for pool in idle:
            with suppress(httpx.TransportError, OSError):
                await pool.transport.aclose()

    def _build_request(
        self, where: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> httpx.Request:
        if complaint := find_bad_header(headers):
            raise self._failures.unavailable(f"{where}: {complaint}.")
        fields = httpx.Headers(self._defaults)
        # In bytes, because httpx takes nothing but ASCII in text.
        fields.update([(name.encode(), value.encode()) for name, value in headers.items()])
        try:
            request = httpx.Request(method, url, headers=fields, content=body, extensions={"timeout": self._timeouts})
        except httpx.InvalidURL:
            # The cause is left out because it repeats parts of the URL, and a password may be among them.
            raise self._failures.unavailable(f"{where}: the URL is not valid.") from None
        if request.url.userinfo and "Authorization" not in fields:
            next(httpx.BasicAuth(request.url.username, request.url.password).auth_flow(request))
        return request

    async def _ask(self, where: str, request: httpx.Request, lease: Lease) -> HttpxAnswer:
        if self._share.expected:
            await lease.begin()
        while (answer := await self._exchange(where, request, lease)) is None:
            await lease.wait()
        return answer

    async def _exchange(self, where: str, request: httpx.Request, lease: Lease) -> HttpxAnswer | None:
        """Send the request and return its answer; None where there is no memory for it."""
        pool = min(self._pools, key=attrgetter("in_flight"))
        pool.in_flight += 1
        try:
            with anyio.move_on_after(self._options.total_timeout_s):
                response = await pool.transport.handle_async_request(request)
                try:
                    body = await self._read(where, response, lease)
                    return None if body is None else HttpxAnswer(response.status_code, response.headers, body)
                finally:
                    await response.aclose()
        finally:
            pool.in_flight -= 1
        raise self._failures.unavailable(f"{where}: timed out after {self._options.total_timeout_s:g} s in all.")

    async def _read(self, where: str, response: httpx.Response, lease: Lease) -> bytes | None:
        is_gzip = response.headers.get("Content-Encoding") == "gzip"
        body = Body(where, self._options, is_gzip=is_gzip)
        # Closed before the response is, which an abandoned generator would not be.
        async with aclosing(cast("AsyncGenerator[bytes]", response.aiter_raw())) as pieces:
            async for piece in pieces:
                rest = body.feed(piece)
                if body.is_full and body.may_grow:
                    if lease.has_room(self._length(body, response, lease)):
                        body.grow()
                        body.feed(rest)
                    elif not self._options.cut_body:
                        return None
                if body.is_full:
                    break
        return body.finish()

    def _length(self, body: Body, response: httpx.Response, lease: Lease) -> int:
        """Return how much there may be of a body that did not come whole; refuses one that says it is too large."""
        told = response.headers.get("Content-Length", "")
        if body.is_gzip or not told.isdecimal():
            return self._share.most
        if int(told) > self._options.max_body and not self._options.cut_body:
            lease.refuse()
            raise body.too_large()
        return min(int(told), self._share.most)

    def _translate(self, where: str, exc: Exception) -> JobwatchError:
        words = next(words for kind, words in FAILURES if isinstance(exc, kind))
        options = self._options
        cause = words.format(options.connect_timeout_s, options.read_timeout_s, _root_cause(exc))
        return self._failures.unavailable(f"{where}: {cause}.")


class _Pool:
    """A few connections, and how many requests are on them."""

    def __init__(self, options: HttpOptions, context: ssl.SSLContext) -> None:
        self.in_flight = 0
        # The transport alone: httpx.AsyncClient would keep cookies, and read redirects that nobody follows.
        self.transport = httpx.AsyncHTTPTransport(
            verify=context,
            trust_env=False,
            proxy=None if options.proxy is None else _build_proxy(options.proxy, context),
            limits=httpx.Limits(
                max_connections=POOL_SIZE, max_keepalive_connections=POOL_SIZE, keepalive_expiry=options.idle_s
            ),
        )


def _build_pools(options: HttpOptions, certificates: Certificates) -> list[_Pool]:
    context = build_ssl_context(certificates, verify=options.tls.verify)
    return [_Pool(options, context) for _ in range(ceil(options.connections / POOL_SIZE))]


def _build_proxy(url: str, context: ssl.SSLContext) -> httpx.Proxy:
    # httpcore refuses a context for a proxy that is spoken to without TLS.
    return httpx.Proxy(url, ssl_context=context if httpx.URL(url).scheme == "https" else None)


def _root_cause(exc: BaseException) -> str:
    # httpcore does not chain its errors, it only lets them happen while another is handled.
    while (cause := exc.__cause__ or exc.__context__) is not None:
        exc = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else cause
    return str(exc) or type(exc).__name__
