"""A thousand clients that keep their connections do not cost the daemon its health checks."""

import contextlib
import resource
import socket
from collections.abc import Iterator

import httpx
import pytest

from acceptance.processes import Apis, ConfigFor, RunDaemon

TOKEN = "planted-token-0123456789"
ASK = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process open as many files as it takes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4_096:
        pytest.skip("this process may not open enough files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_idle_clients_keep_nobody_out(
    many_files: None, run_daemon: RunDaemon, config_for: ConfigFor, apis: Apis
) -> None:
    """1,005 clients without a token ask now and then, and probes, scrapes and the API are answered all the same."""
    daemon = run_daemon({**config_for(apis), "server": {"listen": "127.0.0.1:0", "tokens": [TOKEN]}})
    await daemon.up()
    host, port = daemon.url.removeprefix("http://").split(":")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with contextlib.ExitStack() as stack:
        for _ in range(1_005):
            idler = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
            idler.sendall(ASK)
            assert idler.recv(4_096).startswith(b"HTTP/1.1 200 ")
        for path in ("/livez", "/readyz", "/metrics", "/v1/status"):
            async with httpx.AsyncClient(base_url=daemon.url, headers=headers, trust_env=False) as client:
                assert (await client.get(path)).status_code == 200
    assert await daemon.stop() == 0
