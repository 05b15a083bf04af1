"""An address to listen at is understood, or explained."""

import os
import re
import socket
from typing import Any

import pytest

from jobwatchd.errors import AddressUnavailable, ConfigError
from jobwatchd.web.listener import address_of, bind


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "localhost:0", ":0", "0.0.0.0:0"])
def test_it_listens_where_it_is_told(listen: str) -> None:
    """A client can connect as soon as the address is bound."""
    [sock] = bind(listen)
    with sock, socket.create_connection(("127.0.0.1", sock.getsockname()[1])):
        assert sock.getsockname()[1] > 0


def test_responses_are_not_held_back() -> None:
    """The sockets name their protocol: asyncio turns off Nagle's algorithm only for those that do."""
    [sock] = bind("127.0.0.1:0")
    with sock:
        assert sock.proto == socket.IPPROTO_TCP


def test_the_address_is_told_as_it_stands_in_a_url() -> None:
    """The port that the system chose can be read."""
    [sock] = bind("127.0.0.1:0")
    with sock:
        assert address_of(sock) == f"127.0.0.1:{sock.getsockname()[1]}"


@pytest.mark.parametrize(
    "listen",
    ["", "25629", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:25629", "a:-1", "a@b:1", "a b:1"],
)
def test_what_is_no_address_is_explained(listen: str) -> None:
    """The message names the setting, what it got and what was expected."""
    with pytest.raises(ConfigError, match=r"^server.listen: got '.*'.*; expected host and port: 127.0.0.1:25629"):
        bind(listen)


@pytest.mark.parametrize("listen", ["a..b:0", f"{'a' * 64}.example:0"])
def test_what_is_no_host_name_is_explained(listen: str) -> None:
    """A name that no name server can know will not be there in a moment either."""
    with pytest.raises(ConfigError, match=r"^server.listen: got '.*'.*; expected a host name"):
        bind(listen)


@pytest.mark.parametrize("listen", ["192.0.2.1:0", "[2001:db8::1]:0", "no-such-host.invalid:0"])
def test_an_address_of_another_machine_may_yet_come(listen: str) -> None:
    """An address or name that this machine does not have is told with the address, and may be tried again."""
    with pytest.raises(AddressUnavailable, match=rf"^server.listen: .*{re.escape(listen)}' ?.*: ") as refused:
        bind(listen)
    assert refused.value.passing


def test_an_address_in_use_may_be_free_in_a_moment() -> None:
    """Where somebody listens already, the message has the address and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = address_of(other)
        with pytest.raises(AddressUnavailable, match=f"cannot listen at '{listen}': Address already in use") as refused:
            bind(listen)
    assert refused.value.passing


@pytest.mark.skipif(os.geteuid() == 0, reason="root may take any port")
def test_a_port_for_which_rights_are_missing_is_explained() -> None:
    """It does not help to try again, and the message says what is missing."""
    with pytest.raises(AddressUnavailable, match="Permission denied; a port below 1024 wants") as refused:
        bind("127.0.0.1:80")
    assert not refused.value.passing


@pytest.fixture
def two_loopbacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the name localhost mean an address that this machine has, and one that it does not have."""
    found = [
        (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)
        for family, address in ((socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET6, ("2001:db8::1", 0, 0, 0)))
    ]

    def look_up(_host: str, port: int, **_options: Any) -> list[Any]:
        return [(*each[:4], (each[4][0], port, *each[4][2:])) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_an_address_that_is_not_there_is_left_out(two_loopbacks: None) -> None:
    """A name that also means an address which this machine lacks is listened at where it can be."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    skipped: list[tuple[str, str]] = []
    [sock] = bind(f"localhost:{port}", skip=lambda address, why: skipped.append((address, why)))
    with sock:
        assert sock.getsockname() == ("127.0.0.1", port)
    assert skipped == [(f"[2001:db8::1]:{port}", "Cannot assign requested address")]


@pytest.mark.parametrize("listen", ["0.0.0.0:0", ":0", "192.0.2.1:0"])
def test_without_tokens_only_this_machine(listen: str) -> None:
    """Where only local clients are wanted, an address that others can reach is refused, and says what to do."""
    with pytest.raises(ConfigError, match=r"server\.tokens_file"):
        bind(listen, local_only=True)


def test_without_tokens_loopback_is_fine() -> None:
    """A loopback address needs no tokens."""
    for sock in bind("127.0.0.1:0", local_only=True):
        sock.close()
