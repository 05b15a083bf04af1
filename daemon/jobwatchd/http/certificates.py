"""The PEM files of a client, read and checked before anything is sent."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jobwatchd.errors import ConfigError
from jobwatchd.http.client import Tls


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM texts: `authorities` to trust beside the system's own, and our `identity`, key and certificate chain."""

    authorities: bytes | None = None
    identity: bytes | None = None


def read_certificates(tls: Tls) -> Certificates:
    """Read the files of `tls`; raises `ConfigError` that names each file that is missing, unreadable or malformed.

    OpenSSL checks them for both adapters, because rustls passes over what it cannot read in a bundle of authorities.
    """
    if tls.key_file is not None and tls.cert_file is None:
        raise ConfigError(f"The key_file {tls.key_file} was given without a cert_file: the key of which certificate?")
    problems: list[str] = []
    scratch = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def read(setting: str, path: Path, check: Callable[[Path], object] | None = None) -> bytes | None:
        try:
            pem = path.read_bytes()
            if check is not None:
                check(path)
        except ssl.SSLError:
            problems.append(f"The {setting} {path} holds no certificate in PEM form.")
        except OSError as exc:
            problems.append(f"The {setting} {path} cannot be read: {exc.strerror}.")
        else:
            return pem
        return None

    authorities = None if tls.ca_file is None else read("ca_file", tls.ca_file, scratch.load_verify_locations)
    chain = None if tls.cert_file is None else read("cert_file", tls.cert_file, scratch.load_verify_locations)
    key = b"" if tls.key_file is None else read("key_file", tls.key_file)
    identity = None if chain is None or key is None else key + b"\n" + chain
    if identity is not None and not _is_pair(tls):
        holder = tls.key_file or tls.cert_file
        problems.append(f"The {holder} holds no private key without a pass phrase that fits {tls.cert_file}.")
    if problems:
        raise ConfigError(*problems)
    return Certificates(authorities, identity)


def build_ssl_context(tls: Tls) -> ssl.SSLContext:
    """Return what verifies servers by the system's authorities and those of `tls`, and proves who we are."""
    read_certificates(tls)
    context = ssl.create_default_context()
    if tls.ca_file is not None:
        context.load_verify_locations(tls.ca_file)
    if tls.cert_file is not None:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    return context


def _is_pair(tls: Tls) -> bool:
    if tls.cert_file is None:
        return False
    try:
        # The empty pass phrase keeps OpenSSL from asking for one at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(tls.cert_file, tls.key_file, password="")
    except (ssl.SSLError, ValueError):
        return False
    return True
