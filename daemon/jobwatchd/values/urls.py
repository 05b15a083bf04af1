"""URLs: of APIs, logins, receivers, proxies and the store. Credentials have no place in them."""

import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, WithJsonSchema

from jobwatchd.model.notation import shown

_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f\\]")
_SQLITE = re.compile(r"sqlite:///[^?#]+")


def _split(text: str, example: str) -> SplitResult:
    """Return the parts of an http(s) URL without credentials; raises ValueError, which quotes no credentials."""
    quoted = "a URL that holds '@'" if "@" in text else shown(text)
    expected = f"expected an http:// or https:// URL such as {example}"
    if "://" not in text:
        expected = f"{expected}: write http:// or https:// in front of the host"
    try:
        parts = urlsplit(text)
        port = parts.port
        # Labels that are empty or too long would fail on every lookup.
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise ValueError(f"got {quoted}; {expected}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or _UNSAFE.search(text):
        raise ValueError(f"got {quoted}; {expected}")
    return parts


def _check_plain(text: str, parts: SplitResult, remedy: str) -> None:
    if "@" in parts.netloc:
        raise ValueError(f"the URL holds a user name or password; {remedy}")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError("the URL has a query or fragment; expected one that ends with its path")


def _check_base_url(text: str) -> str:
    parts = _split(text, "https://api.example.com:7002")
    _check_plain(text, parts, "expected them in the settings of their own: account, password_file, api_key_file")
    return text.rstrip("/")


def _check_hook_url(text: str) -> str:
    parts = _split(text, "https://ci.example.com/hooks/jobs")
    _check_plain(text, parts, "expected them in headers, as Authorization")
    return text


def _check_proxy_url(text: str) -> str:
    parts = _split(text, "http://proxy.example.com:3128")
    _check_plain(text, parts, "expected a proxy that wants no login")
    if parts.path not in {"", "/"}:
        raise ValueError("the URL has a path; a proxy's is only scheme, host and port")
    return text.rstrip("/")


def _check_token_url(text: str) -> str:
    # A path is what may stand below a host.
    whole = f"http://host{text}" if text.startswith("/") and not text.startswith("//") else text
    try:
        _check_plain(text, _split(whole, ""), "")
    except ValueError:
        says = "expected a path below base_url such as /oauth/token, or a whole http:// or https:// URL"
        raise ValueError(says) from None
    return text


def _check_store_url(text: str) -> str:
    if not _SQLITE.fullmatch(text):
        quoted = "a URL that holds '@'" if "@" in text else shown(text)
        raise ValueError(
            f"got {quoted}; expected sqlite:/// and a file: sqlite:////var/lib/jobwatchd/jobwatchd.db "
            "(four slashes for a path from the root)"
        )
    return text


_HTTP = WithJsonSchema({"type": "string", "pattern": "^https?://"})
BaseUrl = Annotated[str, AfterValidator(_check_base_url), _HTTP]
HookUrl = Annotated[str, AfterValidator(_check_hook_url), _HTTP]
TokenUrl = Annotated[str, AfterValidator(_check_token_url)]
ProxyUrl = Annotated[str, AfterValidator(_check_proxy_url), _HTTP]
StoreUrl = Annotated[
    str, AfterValidator(_check_store_url), WithJsonSchema({"type": "string", "pattern": f"^{_SQLITE.pattern}$"})
]
