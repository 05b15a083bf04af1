"""An address to listen at is understood, or explained."""

import socket

import pytest

from jobwatchd.errors import ConfigError
from jobwatchd.web.server import address_of, bind


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "localhost:0", ":0", "0.0.0.0:0"])
def test_it_listens_where_it_is_told(listen: str):
    """A client can connect as soon as the address is bound."""
    [sock] = bind(listen)
    with sock, socket.create_connection(("127.0.0.1", sock.getsockname()[1])):
        assert sock.getsockname()[1] > 0


def test_responses_are_not_held_back():
    """The sockets name their protocol: asyncio turns off Nagle's algorithm only for those that do."""
    [sock] = bind("127.0.0.1:0")
    with sock:
        assert sock.proto == socket.IPPROTO_TCP


def test_the_address_is_told_as_it_stands_in_a_url():
    """The port that the system chose can be read."""
    [sock] = bind("127.0.0.1:0")
    with sock:
        assert address_of(sock) == f"127.0.0.1:{sock.getsockname()[1]}"


@pytest.mark.parametrize(
    "listen", ["", "25629", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:25629", "a:-1"]
)
def test_what_is_no_address_is_explained(listen: str):
    """The message names the setting, what it got and what was expected."""
    with pytest.raises(ConfigError, match=r"^server.listen: '.*' is not an address; expected host:port"):
        bind(listen)


@pytest.mark.parametrize("listen", ["192.0.2.1:0", "no-such-host.invalid:0"])
def test_an_address_of_another_machine_is_explained(listen: str):
    """An address that this machine does not have is refused with the address in the message."""
    with pytest.raises(ConfigError, match=r"^server.listen: .*" + listen):
        bind(listen)


@pytest.mark.parametrize("listen", ["0.0.0.0:0", ":0", "192.0.2.1:0"])
def test_without_tokens_only_this_machine(listen: str):
    """Where only local clients are wanted, an address that others can reach is refused, and says what to do."""
    with pytest.raises(ConfigError, match=r"server\.tokens_file"):
        bind(listen, local_only=True)


def test_without_tokens_loopback_is_fine():
    """A loopback address needs no tokens."""
    for sock in bind("127.0.0.1:0", local_only=True):
        sock.close()
