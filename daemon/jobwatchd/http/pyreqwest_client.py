"""The HTTP client port on pyreqwest, a Rust client on a thread of its own."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import anyio
import anyio.lowlevel
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import DetailedPyreqwestError, PyreqwestError, RequestTimeoutError
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from jobwatchd.errors import ConfigError, JobwatchError
from jobwatchd.http.body import FIRST_PIECE
from jobwatchd.http.certificates import Certificates, follow_certificates
from jobwatchd.http.client import HttpOptions, check_options
from jobwatchd.http.failures import find_bad_header
from jobwatchd.http.limits import Lease, NoRoomError, Share, Slots

# To ask for the whole of a body at once would have Rust hold it twice.
PIECE = 65_536

# What reqwest says about where it failed. The classes of pyreqwest say less: a late answer is a ConnectTimeoutError.
CONNECTING = "client error (Connect)"
READING_CONNECTION = "error reading a body from connection"
READING_BODY = "error decoding response body"

# The first that is among the causes tells; a connection that broke within the body has both of the last two.
CAUSES = (
    (CONNECTING, "could not connect"),
    (READING_CONNECTION, "the answer broke off"),
    (READING_BODY, "the body cannot be decompressed"),
)


class PyreqwestAnswer:
    """A response whose body was read; its headers stay in Rust until they are asked for."""

    __slots__ = ("_response", "body", "status")

    def __init__(self, response: Response, body: bytes) -> None:
        self.status = response.status
        self.body = body
        self._response = response

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in any case; None too where it is not text."""
        try:
            return self._response.get_header(name)
        except ValueError:
            return None

    def headers(self, name: str) -> Sequence[str]:
        """Return all headers of this name, in order; none where one of them is not text."""
        try:
            return self._response.get_header_all(name)
        except ValueError:
            return ()


class PyreqwestClient:
    """Sends requests through pyreqwest; implements `HttpClient`.

    A request that is cancelled frees its slot at once, but pyreqwest 0.15 cannot abort it: the server still sees it,
    and its connection is given back or closed when the answer has come or a timeout has passed. The read timeout runs
    from the start of a request to its headers, connecting included, and anew for each wait within the body.
    """

    def __init__(self, options: HttpOptions) -> None:
        check_options(options)
        self._options = options
        self._failures = options.failures
        self._slots = Slots(options.connections, options.total_timeout_s)
        # One byte more tells a body that is too large from one that is just as large as allowed.
        self._limit = options.max_body if options.cut_body else options.max_body + 1
        self._first = min(FIRST_PIECE, self._limit)
        self._share = Share(options.memory, most=self._limit, wait_s=options.total_timeout_s)
        self._certificates = follow_certificates(options, self._renew)
        self._client: Client | None = _build_client(options, self._certificates.value)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> PyreqwestAnswer:
        """Send a request and read its answer; see `HttpClient.request`."""
        try:
            self._slots.take_at_once()
        except anyio.WouldBlock:
            await self._wait_for_slot(method, url)
        lease = Lease(self._share) if self._share.expected else None
        try:
            if lease is not None:
                await lease.begin()
            while True:
                # Here and not in a coroutine of its own, for every poll comes this way.
                async with self._build_request(method, url, headers, body) as response:
                    content = await response.body_reader.read(self._first)
                    read = b"" if content is None else content.to_bytes()
                    if len(read) < self._first:
                        return PyreqwestAnswer(response, read)
                    lease = lease or Lease(self._share)
                    if (whole := await self._read_on(method, url, response, read, lease)) is not None:
                        return PyreqwestAnswer(response, whole)
                # No response is held while waiting, for that takes memory too.
                await lease.wait()
        except PyreqwestError as exc:
            raise self._translate(method, url, exc) from exc
        except NoRoomError as exc:
            raise self._unreadable(method, url, str(exc)) from None
        except anyio.get_cancelled_exc_class():
            # pyreqwest puts a cancellation of its own in the place of anyio's, which then leaves the scope it was meant
            # for and silently cancels the task group around it. The checkpoint raises the right one.
            await anyio.lowlevel.checkpoint_if_cancelled()
            raise
        finally:
            if lease is not None:
                lease.end()
            self._slots.give_back()

    async def close(self) -> None:
        """Close all connections that are not in use, the others when their requests end."""
        self._certificates.close()
        if self._client is not None:
            await self._client.close()
            # The connections belong to the object, closing it only ends the waiting for requests in flight.
            self._client = None

    def _renew(self, certificates: Certificates) -> None:
        """Ask by new certificates from now on; the connections of the old client end with the last of its requests."""
        self._client = _build_client(self._options, certificates)

    def _build_request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> StreamRequest:
        if self._client is None:
            raise self._unavailable(method, url, "the client was closed")
        try:
            builder = self._client.request(method, url).headers(headers)
            if body:
                builder = builder.body_bytes(body)
            elif method == "POST":
                # Some servers answer 411 to a POST that does not say how long it is.
                builder = builder.header("Content-Length", "0")
            return builder.streamed_read_buffer_limit(self._first).build_streamed()
        except ValueError:
            complaint = find_bad_header(headers) or "the URL is not valid"
            # The cause is left out because it repeats the header's value.
            raise self._unavailable(method, url, complaint) from None

    async def _wait_for_slot(self, method: str, url: str) -> None:
        try:
            await self._slots.take()
        except TimeoutError as exc:
            raise self._unavailable(method, url, "all connections are in use") from exc

    def _length(self, method: str, url: str, response: Response, lease: Lease) -> int:
        """Return how much there may be of a body that did not come whole; refuses one that says it is too large."""
        # reqwest hides the length of what it decompresses.
        told = response.get_header("Content-Length") or ""
        length = int(told) if told.isdecimal() else self._limit
        if told and length > self._options.max_body and not self._options.cut_body:
            lease.refuse()
            raise self._too_large(method, url)
        return min(length, self._limit)

    async def _read_on(self, method: str, url: str, response: Response, begin: bytes, lease: Lease) -> bytes | None:
        """Return the whole of a body, up to what is allowed, or to what may be cut; None where there is no room."""
        if not lease.has_room(self._length(method, url, response, lease)):
            return begin if self._options.cut_body else None
        body, read = bytearray(begin), response.body_reader.read
        while len(body) < self._limit and (piece := await read(min(PIECE, self._limit - len(body)))) is not None:
            body += piece
        if len(body) > self._options.max_body:
            raise self._too_large(method, url)
        return bytes(body)

    def _unavailable(self, method: str, url: str, cause: str) -> JobwatchError:
        return self._failures.unavailable(f"{self._failures.name(method, url)} failed: {cause}.")

    def _unreadable(self, method: str, url: str, cause: str) -> JobwatchError:
        return self._failures.unreadable(f"{self._failures.name(method, url)} failed: {cause}.")

    def _too_large(self, method: str, url: str) -> JobwatchError:
        return self._unreadable(method, url, f"the body is larger than {self._options.max_body} bytes")

    def _translate(self, method: str, url: str, exc: PyreqwestError) -> JobwatchError:
        causes = _causes(exc)
        # Among the details is the URL with its query, which may hold a key; tracebacks would show it.
        exc.args = exc.args[:1]
        if isinstance(exc, RequestTimeoutError):
            return self._unavailable(method, url, self._describe_timeout(causes))
        for place, words in CAUSES:
            if place in causes:
                tell = self._unreadable if place == READING_BODY else self._unavailable
                return tell(method, url, f"{words} ({causes[-1]})")
        root = causes[-1] if causes and " url (" not in causes[-1] else exc.message
        return self._unavailable(method, url, f"no answer ({root})")

    def _describe_timeout(self, causes: Sequence[str]) -> str:
        options = self._options
        if CONNECTING in causes:
            return f"no connection within {options.connect_timeout_s:g} s"
        awaited = "the rest of the body" if READING_BODY in causes else "an answer"
        return (
            f"timed out while waiting for {awaited} "
            f"(read timeout {options.read_timeout_s:g} s, total {options.total_timeout_s:g} s)"
        )


def _causes(exc: PyreqwestError) -> Sequence[str]:
    details = exc.details["causes"] if isinstance(exc, DetailedPyreqwestError) else None
    return [cause["message"] for cause in details or ()]


def _build_client(options: HttpOptions, certificates: Certificates) -> Client:
    builder = (
        ClientBuilder()
        .connect_timeout(timedelta(seconds=options.connect_timeout_s))
        .read_timeout(timedelta(seconds=options.read_timeout_s))
        .timeout(timedelta(seconds=options.total_timeout_s))
        .pool_idle_timeout(timedelta(seconds=options.idle_s))
        .user_agent(options.user_agent)
        .follow_redirects(enable=False)
        .gzip(enable=not options.cut_body)
        .brotli(enable=False)
        .zstd(enable=False)
        .deflate(enable=False)
        .no_proxy()
    )
    try:
        if options.proxy is not None:
            builder = builder.proxy(ProxyBuilder.all(options.proxy))
        if not options.tls.verify:
            builder = builder.danger_accept_invalid_certs(enable=True)
        if certificates.authorities is not None:
            builder = builder.add_root_certificate_pem(certificates.authorities)
        if certificates.identity is not None:
            builder = builder.identity_pem(certificates.identity)
        return builder.build()
    except (PyreqwestError, ValueError) as exc:
        causes = _causes(exc) if isinstance(exc, PyreqwestError) else ()
        files = ", ".join(
            str(path) for path in (options.tls.ca_file, options.tls.cert_file, options.tls.key_file) if path
        )
        raise ConfigError(
            f"No HTTP client can be built ({causes[-1] if causes else 'builder error'}); PEM files: {files or 'none'}."
        ) from None
