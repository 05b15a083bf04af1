"""Requests through a proxy, and around those of the environment."""

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from conformance.http.raw_server import Exchange, Server
from jobwatchd.errors import ConfigError, SourceUnavailable
from jobwatchd.http.client import Tls
from jobwatchd.ports import HttpClient

Connect = Callable[..., HttpClient]
Serve = Callable[..., Awaitable[Server]]
PASSWORD = "s3cr et"
LOGIN = "basic " + base64.b64encode(f"watcher:{PASSWORD}".encode()).decode()


async def greet(exchange: Exchange) -> None:
    """Answer one request."""
    await exchange.read_request()
    await exchange.answer(b"from the server")


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until they end."""
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def tunnel(exchange: Exchange) -> None:
    """Open what a CONNECT asks for, and carry bytes both ways."""
    target = (await exchange.read_head()).split(" ")[1]
    host, _, port = target.partition(":")
    reader, writer = await asyncio.open_connection("127.0.0.1" if host == "localhost" else host, int(port))
    await exchange.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(pump(exchange.reader, writer), pump(reader, exchange.writer))
    await writer.wait_closed()


def login(head: str) -> str:
    """Return the proxy credentials of a request, scheme in small letters."""
    lines = dict(line.split(": ", 1) for line in head.rstrip().split("\r\n")[1:])
    fields = {name.lower(): value for name, value in lines.items()}
    scheme, _, secret = fields["proxy-authorization"].partition(" ")
    return f"{scheme.lower()} {secret}"


async def test_plain_request_is_handed_to_the_proxy(connect: Connect, serve: Serve) -> None:
    """The proxy gets the whole URL, and the credentials of its own URL, decoded."""
    proxy = await serve(greet)
    client = connect(proxy=f"http://watcher:s3cr%20et@{proxy.address}")
    answer = await client.request("GET", "http://api.invalid/jobs/1", {})
    assert answer.body == b"from the server"
    assert proxy.heads[0].startswith("GET http://api.invalid/jobs/1 HTTP/1.1\r\n")
    assert login(proxy.heads[0]) == LOGIN


async def test_tls_goes_through_a_tunnel(
    connect: Connect, serve: Serve, server_tls: ssl.SSLContext, authority: trustme.CA, tmp_path: Path
) -> None:
    """The proxy carries bytes and sees neither path nor headers."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = await serve(greet, tls=server_tls)
    proxy = await serve(tunnel)
    client = connect(proxy=f"http://watcher:s3cr%20et@{proxy.address}", tls=Tls(ca_file=tmp_path / "ca.pem"))
    answer = await client.request("GET", f"https://localhost:{server.port}/jobs", {"Authorization": "Bearer token"})
    await client.close()
    assert answer.body == b"from the server"
    assert proxy.heads[0].startswith(f"CONNECT localhost:{server.port} HTTP/1.1\r\n")
    assert login(proxy.heads[0]) == LOGIN
    assert "Bearer" not in proxy.heads[0]


async def test_refused_tunnel_is_unavailable(connect: Connect, serve_bytes: Serve) -> None:
    """A proxy that does not let us through is an outage, and its password is not told."""
    proxy = await serve_bytes(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    client = connect(proxy=f"http://watcher:s3cr%20et@{proxy.address}")
    with pytest.raises(SourceUnavailable, match=r"GET https://api\.invalid/jobs failed: ") as caught:
        await client.request("GET", "https://api.invalid/jobs", {})
    assert "s3cr" not in str(caught.value)


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
async def test_proxies_of_the_environment_are_ignored(
    connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Only the setting counts."""
    proxy = await serve(greet)
    server = await serve(greet)
    monkeypatch.setenv(variable, proxy.url)
    await connect().request("GET", server.url, {})
    assert (proxy.connections, server.connections) == (0, 1)


async def test_exceptions_of_the_environment_are_ignored(
    connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`NO_PROXY` does not lead around the proxy that was set."""
    monkeypatch.setenv("NO_PROXY", "*")
    proxy = await serve(greet)
    await connect(proxy=proxy.url).request("GET", "http://api.invalid/", {})
    assert proxy.connections == 1


@pytest.mark.parametrize(
    "proxy",
    ["", "proxy:3128", "ftp://u:s3cret@proxy", "socks5://u:s3cret@proxy:1080", "http://u:s3cret@[::1", "http://:1"],
)
async def test_proxy_that_is_none_is_refused(connect: Connect, proxy: str) -> None:
    """What is no http or https URL is a mistake in the configuration, told without its password."""
    with pytest.raises(ConfigError, match="The proxy must be a URL like") as caught:
        connect(proxy=proxy)
    assert "s3cret" not in str(caught.value)
