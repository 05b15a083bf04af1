"""The PEM files of a client: read and checked before anything is sent, and again when they change."""

import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jobwatchd.errors import ConfigError
from jobwatchd.http.client import HttpOptions, Tls
from jobwatchd.rotation import Contents, Recipe, Rotating


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM texts: `authorities` to trust beside the system's own, and what proves who we are: `chain` and `key`.

    The key may stand in the chain. `system` tells one state of the system's authorities from another.
    """

    authorities: bytes | None = None
    chain: bytes | None = None
    key: bytes | None = None
    system: tuple[int, ...] = ()

    @property
    def identity(self) -> bytes | None:
        """Key and certificate chain in one text."""
        return None if self.chain is None else (self.key or b"") + b"\n" + self.chain


def certificates_recipe(place: str, tls: Tls) -> Recipe[Certificates]:
    """Return what the certificates of a client are made of; `place` is whose they are."""
    bundle = _system_bundle()
    known = _sign(bundle)

    def make(contents: Contents) -> Certificates:
        certificates, problems = _check(tls, contents, _sign(bundle))
        if bundle is not None and certificates.system != known and not _is_bundle(bundle):
            problems.append(f"The system's authorities in {bundle} cannot be read.")
        if problems:
            raise ConfigError(*problems)
        return certificates

    return Recipe(f"{place}.tls", _files(tls), make, noticed=() if bundle is None else (bundle,))


def read_certificates(tls: Tls) -> Certificates:
    """Read the files of `tls`; raises `ConfigError` that names each file that is missing, unreadable or malformed."""
    if tls.key_file is not None and tls.cert_file is None:
        raise ConfigError(f"The key_file {tls.key_file} was given without a cert_file: the key of which certificate?")
    contents, unread = dict[str, bytes](), list[str]()
    for setting, path in _files(tls).items():
        try:
            contents[setting] = path.read_bytes()
        except OSError as exc:
            unread.append(f"The {setting} {path} cannot be read: {exc.strerror}.")
    certificates, problems = _check(tls, contents, _sign(_system_bundle()))
    if unread or problems:
        raise ConfigError(*unread, *problems)
    return certificates


def follow_certificates(options: HttpOptions, renew: Callable[[Certificates], None]) -> Rotating[Certificates]:
    """Return the certificates of a client, with which `renew` is called when they change; raises `ConfigError`."""
    certificates = read_certificates(options.tls)
    if options.rotation is None:
        return Rotating.constant(certificates)
    rotating = options.rotation.follow(certificates_recipe(options.place, options.tls), certificates)
    rotating.listen(renew)
    return rotating


def build_ssl_context(certificates: Certificates, *, verify: bool) -> ssl.SSLContext:
    """Return what verifies servers by the system's authorities and ours, and proves who we are."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificates.authorities is not None:
        with _as_file(certificates.authorities) as path:
            context.load_verify_locations(path)
    if certificates.identity is not None:
        with _as_file(certificates.identity) as path:
            context.load_cert_chain(path)
    return context


def _files(tls: Tls) -> Mapping[str, Path]:
    files = {"ca_file": tls.ca_file, "cert_file": tls.cert_file, "key_file": tls.key_file}
    return {setting: path for setting, path in files.items() if path is not None}


def _check(tls: Tls, contents: Contents, system: tuple[int, ...]) -> tuple[Certificates, list[str]]:
    """Return certificates made of the files that could be read, and what is wrong with them.

    OpenSSL checks them for both adapters, because rustls passes over what it cannot read in a bundle of authorities.
    """
    certificates = Certificates(contents.get("ca_file"), contents.get("cert_file"), contents.get("key_file"), system)
    problems = [
        f"The {setting} {path} holds no certificate in PEM form."
        for setting, path in _files(tls).items()
        if setting != "key_file" and setting in contents and not _holds_certificates(contents[setting])
    ]
    is_whole = _files(tls).keys() == contents.keys() and not problems
    if is_whole and certificates.identity is not None and not _is_pair(certificates.identity):
        holder = tls.key_file or tls.cert_file
        problems.append(f"The {holder} holds no private key without a pass phrase that fits {tls.cert_file}.")
    return certificates, problems


def _holds_certificates(pem: bytes) -> bool:
    with _as_file(pem) as path:
        return _is_bundle(path)


def _is_bundle(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:
        return False
    return True


def _is_pair(identity: bytes) -> bool:
    try:
        # The empty pass phrase keeps OpenSSL from asking for one at the terminal.
        with _as_file(identity) as path:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(path, password="")
    except (ssl.SSLError, ValueError):
        return False
    return True


@contextmanager
def _as_file(content: bytes) -> Iterator[Path]:
    """Yield the path of a file in memory: OpenSSL reads keys from files only, and theirs may be replaced meanwhile."""
    descriptor = os.memfd_create("pem")
    try:
        os.write(descriptor, content)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _system_bundle() -> Path | None:
    bundle = ssl.get_default_verify_paths().cafile
    return Path(bundle) if bundle else None


def _sign(bundle: Path | None) -> tuple[int, ...]:
    """Return what tells one state of the system's bundle from another."""
    if bundle is None:
        return ()
    try:
        status = bundle.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns
