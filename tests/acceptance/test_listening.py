"""The real process on machines that lack an address or a whole family of them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.processes import Daemon, RunDaemon

WITHOUT_IPV6 = Path(__file__).with_name("without_ipv6.py")
SOURCE = {"kind": "telestream-up", "base_url": "http://127.0.0.1:1", "api_key": "planted-key"}
SETTINGS = {"sources": {"media": SOURCE}, "log": {"format": "json"}}
TOKEN = "planted-token-0123456789"
# A network of its own, in which IPv6 is off, as in most containers; and a hosts file that does not know of that.
NO_IPV6_ADDRESS = """\
mount --bind "$1" /etc/hosts && ip link set lo up && sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 && shift && exec "$@"
"""


def _run(daemon: Daemon, listen: str, *before: str) -> None:
    """Begin a life of the daemon by a command of one's own."""
    daemon.configure({**SETTINGS, "server": {"listen": listen, "tokens": [TOKEN]}})
    daemon.logs.append(daemon.folder / "life.log")
    with daemon.logs[-1].open("wb") as log:
        command = [*before, "jobwatchd", "run", "-c", str(daemon.config)]
        daemon.process = subprocess.Popen(
            command, stdout=log, stderr=log, env=daemon.environment, start_new_session=True
        )


@pytest.fixture
def daemon(run_daemon: RunDaemon) -> Daemon:
    """Return a daemon that watches nothing."""
    return run_daemon({})


@pytest.fixture
def port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@pytest.mark.slow
async def test_a_kernel_without_ipv6_is_listened_at_by_the_other_family(daemon: Daemon, port: int) -> None:
    """`:PORT` means all addresses that there are; what is not there is told once."""
    _run(daemon, f":{port}", sys.executable, "-I", str(WITHOUT_IPV6))
    line = await daemon.logged("server.address_skipped")
    assert (line["level"], line["address"]) == ("info", f"[::]:{port}")
    assert (await daemon.logged("daemon.ready"))["listen"] == [f"0.0.0.0:{port}"]


async def test_an_address_that_no_waiting_helps_is_told_at_once(daemon: Daemon, port: int) -> None:
    """Status 1 and one line, for the configuration may be right elsewhere."""
    _run(daemon, f"[::1]:{port}", sys.executable, "-I", str(WITHOUT_IPV6))
    assert await daemon.exit_status() == 1
    [line] = daemon.logs[-1].read_text().splitlines()
    assert f"cannot listen at '[::1]:{port}': Address family not supported by protocol" in line


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("ip") is None, reason="makes a network of its own, as root")
async def test_localhost_may_have_an_address_that_is_off(daemon: Daemon, port: int) -> None:
    """`::1` stands in the hosts file, and IPv6 is off: the other address does."""
    hosts = daemon.folder / "hosts"
    hosts.write_text("127.0.0.1 localhost\n::1 localhost\n")
    command = ["unshare", "-nm", "sh", "-c", NO_IPV6_ADDRESS, "sh", str(hosts), sys.executable, "-Im"]
    _run(daemon, f"localhost:{port}", *command)
    assert (await daemon.logged("server.address_skipped"))["address"] == f"[::1]:{port}"
    assert (await daemon.logged("daemon.ready"))["listen"] == [f"127.0.0.1:{port}"]


async def test_who_waits_for_the_address_obeys(daemon: Daemon, port: int) -> None:
    """A reload is done as soon as that is possible; being asked to stop is no failure."""
    with socket.create_server(("127.0.0.1", port)):
        _run(daemon, f"127.0.0.1:{port}", sys.executable, "-Im")
        await daemon.logged("server.waiting_for_address")
        daemon.signal(signal.SIGHUP)
    await daemon.logged("daemon.ready")
    await daemon.logged("reload.done")
    assert await daemon.stop() == 0
    with socket.create_server(("127.0.0.1", port)):
        _run(daemon, f"127.0.0.1:{port}", sys.executable, "-Im")
        await daemon.logged("server.waiting_for_address")
        assert await daemon.stop() == 0
