"""Who a client trusts, and how it proves who it is."""

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from conformance.http.raw_server import Exchange, Server
from jobwatchd.errors import ConfigError, SourceUnavailable
from jobwatchd.http.client import Tls
from jobwatchd.ports import HttpClient

Connect = Callable[..., HttpClient]
Serve = Callable[..., Awaitable[Server]]


async def greet(exchange: Exchange) -> None:
    """Answer one request."""
    await exchange.read_request()
    await exchange.answer()


@pytest.fixture
def both_in_one(authority: trustme.CA, tmp_path: Path) -> Path:
    """Return a client's key and certificate, in one file."""
    path = tmp_path / "both.pem"
    authority.issue_cert("watcher@example.com").private_key_and_cert_chain_pem.write_to_path(path)
    return path


@pytest.fixture
def trusting_system(ca_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the authority one of the system's own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """Return a bundle in which the authority that matters is not the first."""
    path = tmp_path / "ca.pem"
    path.write_bytes(trustme.CA().cert_pem.bytes() + authority.cert_pem.bytes())
    return path


@pytest.fixture
def identity(authority: trustme.CA, tmp_path: Path) -> Tls:
    """Return a client's key and certificate, in two files."""
    issued = authority.issue_cert("watcher@example.com")
    issued.private_key_pem.write_to_path(tmp_path / "client.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "client.pem")
    return Tls(cert_file=tmp_path / "client.pem", key_file=tmp_path / "client.key")


@pytest.fixture
def strict_tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return the proof of a server that asks for the client's certificate in turn."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def test_unknown_authority_is_unavailable(connect: Connect, serve: Serve, server_tls: ssl.SSLContext) -> None:
    """A certificate of an authority that nobody knows is refused, and no request goes out."""
    server = await serve(greet, tls=server_tls)
    with pytest.raises(SourceUnavailable, match=r"could not connect .*certificate"):
        await connect().request("GET", f"https://localhost:{server.port}/", {"Authorization": "Bearer token"})
    assert server.heads == []


async def test_authority_of_the_bundle_is_trusted(
    connect: Connect, serve: Serve, server_tls: ssl.SSLContext, ca_file: Path
) -> None:
    """Every authority of the bundle counts, not only its first."""
    server = await serve(greet, tls=server_tls)
    answer = await connect(tls=Tls(ca_file=ca_file)).request("GET", f"https://localhost:{server.port}/", {})
    assert answer.status == 200


async def test_bundle_comes_beside_the_systems_authorities(
    connect: Connect, serve: Serve, server_tls: ssl.SSLContext, trusting_system: None, tmp_path: Path
) -> None:
    """What the system trusts is still trusted where a bundle is given."""
    stranger = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    server = await serve(greet, tls=server_tls)
    answer = await connect(tls=Tls(ca_file=stranger)).request("GET", f"https://localhost:{server.port}/", {})
    assert answer.status == 200


async def test_certificate_for_another_name_is_unavailable(
    connect: Connect, serve: Serve, server_tls: ssl.SSLContext, ca_file: Path
) -> None:
    """A trusted certificate does not help a server that goes by another name."""
    server = await serve(greet, tls=server_tls)
    with pytest.raises(SourceUnavailable, match=r"could not connect .*127\.0\.0\.1"):
        await connect(tls=Tls(ca_file=ca_file)).request("GET", f"https://{server.address}/", {})
    assert server.heads == []


async def test_client_without_certificate_is_unavailable(
    connect: Connect, serve: Serve, strict_tls: ssl.SSLContext, ca_file: Path
) -> None:
    """A server that insists on a client's certificate refuses a client without; that is an outage to us."""
    server = await serve(greet, tls=strict_tls)
    with pytest.raises(SourceUnavailable, match="failed: "):
        await connect(tls=Tls(ca_file=ca_file)).request("GET", f"https://localhost:{server.port}/", {})
    assert server.heads == []


async def test_client_certificate_is_shown(
    connect: Connect, serve: Serve, strict_tls: ssl.SSLContext, ca_file: Path, identity: Tls
) -> None:
    """Key and certificate from two files open the door."""
    server = await serve(greet, tls=strict_tls)
    tls = Tls(ca_file, identity.cert_file, identity.key_file)
    assert (await connect(tls=tls).request("GET", f"https://localhost:{server.port}/", {})).status == 200


async def test_client_certificate_may_hold_its_key(
    connect: Connect, serve: Serve, strict_tls: ssl.SSLContext, ca_file: Path, both_in_one: Path
) -> None:
    """One file with certificate and key does as well."""
    server = await serve(greet, tls=strict_tls)
    tls = Tls(ca_file=ca_file, cert_file=both_in_one)
    assert (await connect(tls=tls).request("GET", f"https://localhost:{server.port}/", {})).status == 200


async def test_missing_files_are_all_named(connect: Connect, tmp_path: Path) -> None:
    """Every file that is not there is told at once, before anything is sent."""
    tls = Tls(tmp_path / "no-ca.pem", tmp_path / "no-cert.pem", tmp_path / "no-key.pem")
    with pytest.raises(ConfigError) as caught:
        connect(tls=tls)
    assert [problem.partition(" cannot be read")[0] for problem in caught.value.problems] == [
        f"The ca_file {tls.ca_file}",
        f"The cert_file {tls.cert_file}",
        f"The key_file {tls.key_file}",
    ]


@pytest.mark.parametrize(
    "content",
    [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", b"\xff\xfe\x00"],
)
@pytest.mark.parametrize("field", ["ca_file", "cert_file"])
async def test_file_without_certificate_is_named(connect: Connect, tmp_path: Path, field: str, content: bytes) -> None:
    """A file that holds no certificate is refused, not passed over."""
    path = tmp_path / "bad.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"The {field} .*bad\.pem holds no certificate"):
        connect(tls=Tls(ca_file=path) if field == "ca_file" else Tls(cert_file=path))


async def test_directory_is_named(connect: Connect, tmp_path: Path) -> None:
    """A directory in the place of a file cannot be read."""
    with pytest.raises(ConfigError, match=r"The ca_file .* cannot be read: Is a directory"):
        connect(tls=Tls(ca_file=tmp_path))


@pytest.mark.parametrize("content", [b"", b"SECRETKEY"])
async def test_file_without_key_is_named(connect: Connect, identity: Tls, tmp_path: Path, content: bytes) -> None:
    """A key file without a key is refused, and nothing of it is repeated."""
    path = tmp_path / "bad.key"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"bad\.key holds no private key") as caught:
        connect(tls=Tls(cert_file=identity.cert_file, key_file=path))
    assert "SECRETKEY" not in str(caught.value)


async def test_key_with_a_pass_phrase_is_named(connect: Connect, identity: Tls, tmp_path: Path) -> None:
    """Nobody is there to type a pass phrase; the daemon does not ask for one."""
    assert identity.key_file is not None
    key = serialization.load_pem_private_key(identity.key_file.read_bytes(), None)
    path = tmp_path / "locked.key"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"phrase"),
        )
    )
    with pytest.raises(ConfigError, match=r"locked\.key holds no private key without a pass phrase"):
        connect(tls=Tls(cert_file=identity.cert_file, key_file=path))


async def test_key_of_another_certificate_is_named(
    connect: Connect, identity: Tls, authority: trustme.CA, tmp_path: Path
) -> None:
    """Key and certificate must belong together."""
    path = tmp_path / "other.key"
    authority.issue_cert("other@example.com").private_key_pem.write_to_path(path)
    with pytest.raises(ConfigError, match=r"other\.key holds no private key .* that fits .*client\.pem"):
        connect(tls=Tls(cert_file=identity.cert_file, key_file=path))


async def test_key_without_certificate_is_refused(connect: Connect, identity: Tls) -> None:
    """A key alone proves nothing."""
    with pytest.raises(ConfigError, match="without a cert_file"):
        connect(tls=Tls(key_file=identity.key_file))
