"""Taking the address to listen at, and waiting for one that is not there yet."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from ipaddress import ip_address
from threading import Thread
from typing import Any, TypeVar

from structlog.typing import FilteringBoundLogger

from jobwatchd.errors import AddressUnavailable, ConfigError
from jobwatchd.model.notation import shown, split_listen
from jobwatchd.ports import Clock

BACKLOG = 1_024
# For how long an address may be on its way: a network that comes up, a name server, an older copy that stops.
WAIT_S = 20.0
TRY_AGAIN_AFTER_S = 0.5
FIRST_FREE_PORT = 1_024
# What `socket()` says of a machine that is out of something; anything else is about the family.
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

Skip = Callable[[str, str], None]
Result = TypeVar("Result")


class _AbsentError(Exception):
    """This machine does not have the address, or its family, at least not now."""

    def __init__(self, error: OSError, *, passing: bool) -> None:
        super().__init__(error.strerror)
        self.passing = passing


def bind(listen: str, *, local_only: bool = False, skip: Skip = lambda _address, _why: None) -> list[socket.socket]:
    """Return sockets that listen at `listen`: `127.0.0.1:25629`, `[::1]:25629`, `localhost:25629`, or `:25629` for all.

    Port 0 takes any free one. Of several addresses, those that this machine does not have are left out, and told to
    `skip` with the reason. Raises ConfigError where `listen` cannot be understood, and, with `local_only`, where it can
    be reached from other machines; AddressUnavailable where it cannot be taken.
    """
    host, port = _split(listen)
    addresses = _resolve(listen, host, port)
    if local_only and not all(ip_address(address[0]).is_loopback for _, address in addresses):
        raise ConfigError(
            f"server.listen: {listen!r} can be reached from other machines, which needs server.tokens_file; "
            "without it, listen at 127.0.0.1 or [::1]."
        )
    absent: list[tuple[str, _AbsentError]] = []
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        for family, address in addresses:
            try:
                sockets.append(opened.enter_context(_listen(listen, family, address)))
            except _AbsentError as error:
                absent.append((in_url(address), error))
            else:
                if port == 0:
                    break  # two families would get two different ports
        opened.pop_all()
    if not sockets:
        passing = any(error.passing for _, error in absent)
        raise AddressUnavailable(f"server.listen: cannot listen at {listen!r}: {absent[-1][1]}.", passing=passing)
    for place, why in absent:
        skip(place, str(why))
    return sockets


async def bind_within(
    listen: str, clock: Clock, logger: FilteringBoundLogger, *, local_only: bool = False, wait_s: float = WAIT_S
) -> list[socket.socket]:
    """Return sockets as `bind` does, after at most `wait_s` seconds where the address is not there yet, or in use.

    Can be cancelled at any moment. Raises as `bind`.
    """
    until_s = clock.monotonic() + wait_s

    def skip(address: str, why: str) -> None:
        logger.info("server.address_skipped", address=address, why=why)

    told = False
    while True:
        try:
            return await _in_thread(partial(bind, listen, local_only=local_only, skip=skip))
        except AddressUnavailable as error:
            if not error.passing:
                raise
            if clock.monotonic() >= until_s:
                message = f"{str(error).removesuffix('.')}; tried for {wait_s:g} s."
                raise AddressUnavailable(message, passing=True) from error
            if not told:
                logger.warning("server.waiting_for_address", why=str(error), for_s=wait_s)
            told = True
        await clock.sleep(TRY_AGAIN_AFTER_S)


def address_of(sock: socket.socket) -> str:
    """Return where `sock` listens, as it stands in a URL: `127.0.0.1:25629`, `[::1]:25629`."""
    return in_url(sock.getsockname())


def in_url(address: Sequence[Any]) -> str:
    """Return host and port as they stand in a URL."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _split(listen: str) -> tuple[str, int]:
    try:
        return split_listen(listen)
    except ValueError as exc:
        raise ConfigError(f"server.listen: {exc}") from exc


def _resolve(listen: str, host: str, port: int) -> list[tuple[int, Any]]:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError as exc:
        raise ConfigError(
            f"server.listen: got {shown(listen)}; expected a host name of labels up to 63 letters"
        ) from exc
    except OSError as exc:
        # A name that nobody knows may be one that the name server does not know yet.
        raise AddressUnavailable(
            f"server.listen: {listen!r} cannot be looked up: {exc.strerror}.", passing=True
        ) from exc
    return sorted({(family, address) for family, _, _, _, address in found}, key=lambda each: each[0])


def _listen(listen: str, family: int, address: Any) -> socket.socket:
    try:
        # The protocol is named because asyncio turns Nagle's algorithm off (40 ms a response) only where it is.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as exc:
        if exc.errno in _EXHAUSTED:
            raise AddressUnavailable(f"server.listen: cannot listen at {listen!r}: {exc.strerror}.") from exc
        raise _AbsentError(exc, passing=False) from exc
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(BACKLOG)  # now, because Linux lets two sockets bind the same port and refuses the second to listen
    except OSError as exc:
        sock.close()
        if exc.errno == errno.EADDRNOTAVAIL:
            raise _AbsentError(exc, passing=True) from exc
        forbidden = exc.errno in {errno.EACCES, errno.EPERM} and address[1] < FIRST_FREE_PORT
        hint = f"; a port below {FIRST_FREE_PORT} wants the capability CAP_NET_BIND_SERVICE" if forbidden else ""
        message = f"server.listen: cannot listen at {listen!r}: {exc.strerror}{hint}."
        raise AddressUnavailable(message, passing=exc.errno == errno.EADDRINUSE) from exc
    sock.settimeout(0)
    return sock


async def _in_thread(work: Callable[[], Result]) -> Result:
    """Return what `work` returns, from a thread that nobody waits for once this is cancelled.

    A name server that does not answer holds up `getaddrinfo` for half a minute. The end of the process would wait for
    a thread of a pool.
    """
    done: Future[Result] = Future()
    done.set_running_or_notify_cancel()  # what comes too late is then taken by nobody, instead of being a mistake

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as exc:  # noqa: BLE001 - raised by whoever waits
            done.set_exception(exc)

    Thread(target=run, name="bind", daemon=True).start()
    return await asyncio.wrap_future(done)
