"""Certificates that are replaced while a client is in use."""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
import trustme

from conformance.http.raw_server import Exchange, Server
from jobwatchd.errors import SourceUnavailable
from jobwatchd.http.client import Tls
from jobwatchd.ports import HttpClient
from jobwatchd.rotation import Rotation
from jobwatchd.testing import FakeClock

Connect = Callable[..., HttpClient]
Serve = Callable[..., Awaitable[Server]]
PATIENCE_S = 5.0


async def chat(exchange: Exchange) -> None:
    """Answer requests for as long as they come."""
    while True:
        await exchange.read_request()
        await exchange.answer()


@pytest.fixture
def rotation() -> Rotation:
    """Return what follows files, whenever a test tells it to look."""
    return Rotation(FakeClock(datetime(2026, 3, 1, tzinfo=UTC)))


@pytest.fixture
async def url(serve: Serve, server_tls: ssl.SSLContext) -> str:
    """Return where a server is whose authority nobody knows by itself."""
    server = await serve(chat, tls=server_tls)
    return f"https://localhost:{server.port}/"


@pytest.fixture
def pki(authority: trustme.CA, tmp_path: Path) -> tuple[trustme.CA, Path]:
    """Return the authority of the server, and a bundle that does not have it."""
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return authority, path


def rewrite(path: Path, pem: bytes) -> None:
    """Write over the file."""
    path.write_bytes(pem)


def rename(path: Path, pem: bytes) -> None:
    """Put another file in its place."""
    other = path.with_suffix(".new")
    other.write_bytes(pem)
    other.replace(path)


@pytest.mark.parametrize("replace", [rewrite, rename])
async def test_a_new_bundle_is_trusted_from_then_on(
    connect: Connect, url: str, pki: tuple[trustme.CA, Path], rotation: Rotation, replace: Callable[[Path, bytes], None]
) -> None:
    """The client that refused a server believes it once the bundle says so."""
    authority, stranger = pki
    client = connect(tls=Tls(ca_file=stranger), rotation=rotation)
    with pytest.raises(SourceUnavailable, match="certificate"):
        await client.request("GET", url, {})
    replace(stranger, authority.cert_pem.bytes())
    await rotation.refresh()
    assert (await client.request("GET", url, {})).status == 200


@pytest.mark.parametrize("broken", [b"", b"garbage", "half", None], ids=["empty", "garbage", "half", "gone"])
async def test_a_bundle_of_no_use_changes_nothing(
    connect: Connect, url: str, pki: tuple[trustme.CA, Path], rotation: Rotation, broken: Any
) -> None:
    """New connections are made with the old one, until there is another."""
    authority, path = pki
    authority.cert_pem.write_to_path(path)
    client = connect(tls=Tls(ca_file=path), rotation=rotation)
    if broken is None:
        path.unlink()
    else:
        pem = authority.cert_pem.bytes()
        path.write_bytes(pem[: len(pem) // 2] if broken == "half" else broken)
    await rotation.refresh()
    assert (await client.request("GET", url, {})).status == 200
    trustme.CA().cert_pem.write_to_path(path)
    await rotation.refresh()
    with pytest.raises(SourceUnavailable, match="certificate"):
        await client.request("GET", url, {})


async def test_a_new_certificate_is_shown_and_the_old_connection_ends(
    connect: Connect, serve: Serve, authority: trustme.CA, rotation: Rotation, tmp_path: Path
) -> None:
    """A request in flight is answered on the old connection, the next one shows the new certificate on a new one."""
    seen: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handle(exchange: Exchange) -> None:
        peer = exchange.writer.get_extra_info("ssl_object").getpeercert()
        while True:
            head = await exchange.read_head()
            seen.append(str(peer["subjectAltName"]))
            if "/slow" in head:
                begun.set()
                await go_on.wait()
            await exchange.answer()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    paths = (tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem")
    authority.cert_pem.write_to_path(paths[0])
    server = await serve(handle, tls=tls)
    url = f"https://localhost:{server.port}"

    def issue(name: str) -> trustme.LeafCert:
        return authority.issue_cert(f"{name}@example.com")

    def write(certificate: trustme.LeafCert, key: trustme.LeafCert) -> None:
        paths[1].write_bytes(certificate.cert_chain_pems[0].bytes())
        paths[2].write_bytes(key.private_key_pem.bytes())

    old, new = issue("old"), issue("new")
    write(old, old)
    client = connect(tls=Tls(*paths), rotation=rotation)
    statuses: list[int] = []

    async def ask(path: str) -> None:
        statuses.append((await client.request("GET", f"{url}{path}", {})).status)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, "/slow")
        await begun.wait()
        write(new, old)
        await rotation.refresh()
        await ask("/with-the-new-certificate-and-the-old-key")
        write(new, new)
        await rotation.refresh()
        await ask("/with-both")
        go_on.set()
    assert statuses == [200, 200, 200]
    assert ["old" in name for name in seen] == [True, True, False]
    await ask("/once-more")
    with anyio.fail_after(PATIENCE_S):
        while len(server.exchanges) > 1:
            await anyio.lowlevel.checkpoint()
    assert server.connections == 3


async def test_the_systems_authorities_are_followed_too(
    connect: Connect,
    url: str,
    pki: tuple[trustme.CA, Path],
    rotation: Rotation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bundle that `SSL_CERT_FILE` names may be replaced as well."""
    authority, stranger = pki
    monkeypatch.setenv("SSL_CERT_FILE", os.fspath(stranger))
    client = connect(rotation=rotation)
    with pytest.raises(SourceUnavailable, match="certificate"):
        await client.request("GET", url, {})
    rename(stranger, authority.cert_pem.bytes())
    await rotation.refresh()
    assert (await client.request("GET", url, {})).status == 200


async def test_a_closed_client_follows_nothing(
    connect: Connect, pki: tuple[trustme.CA, Path], rotation: Rotation
) -> None:
    """Its files may go away with it."""
    stranger = pki[1]
    client = connect(tls=Tls(ca_file=stranger), rotation=rotation)
    await client.close()
    rewrite(stranger, trustme.CA().cert_pem.bytes())
    await rotation.refresh()
    with pytest.raises(SourceUnavailable):
        await client.request("GET", "http://127.0.0.1:1/", {})


async def test_any_server_is_believed_on_demand(connect: Connect, serve: Serve, server_tls: ssl.SSLContext) -> None:
    """Without `verify` neither authority nor name matter."""
    server = await serve(chat, tls=server_tls)
    answer = await connect(tls=Tls(verify=False)).request("GET", f"https://{server.address}/", {})
    assert answer.status == 200
