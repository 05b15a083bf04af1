"""URLs, and that credentials have no place in them."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from jobwatchd.values.urls import BaseUrl, HookUrl, ProxyUrl, StoreUrl


def refusal(kind: Any, text: str) -> str:
    """Return why a URL is refused."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(text)
    return str(caught.value.errors()[0]["ctx"]["error"])


def test_a_base_url_loses_its_last_slash() -> None:
    """Paths are put after it."""
    assert TypeAdapter(BaseUrl).validate_python("https://[::1]:8443/api/") == "https://[::1]:8443/api"


@pytest.mark.parametrize("kind", [BaseUrl, HookUrl, ProxyUrl])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "ftp://a/",
        "http://",
        "//a/b",
        "http://a:0",
        "http://a:99999",
        "http://a b",
        "http://[::1",
        "http://a\nb",
        "HTTP//x",
        "http://a..example.com",
        f"http://{'x' * 64}.example.com",
    ],
)
def test_what_is_no_http_url_is_refused(kind: Any, text: str) -> None:
    """An example says what would be."""
    assert "expected an http:// or https:// URL such as" in refusal(kind, text)


@pytest.mark.parametrize("kind", [BaseUrl, HookUrl, ProxyUrl])
@pytest.mark.parametrize("text", ["http://me:hunter2@a", "http://hunter2@a", "http://me:hunter2@a:x", "me:hunter2@a"])
def test_credentials_are_refused_and_not_repeated(kind: Any, text: str) -> None:
    """A URL is shown in logs and errors; where credentials belong is said."""
    assert "hunter2" not in refusal(kind, text)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(BaseUrl, "password_file, api_key_file"), (HookUrl, "in headers"), (ProxyUrl, "wants no login")],
)
def test_the_place_of_credentials_is_named(kind: Any, expected: str) -> None:
    """Each URL's credentials have a setting, or are not supported."""
    assert expected in refusal(kind, "http://me:hunter2@a")


@pytest.mark.parametrize("kind", [BaseUrl, HookUrl, ProxyUrl])
@pytest.mark.parametrize("text", ["http://a/?hunter2", "http://a/#hunter2", "http://a/?", "http://a/#"])
def test_a_query_is_refused_and_not_repeated(kind: Any, text: str) -> None:
    """Paths are put after it, and it may hold a key."""
    assert refusal(kind, text) == "the URL has a query or fragment; expected one that ends with its path"


def test_a_proxy_has_no_path() -> None:
    """A path would be without effect."""
    assert refusal(ProxyUrl, "http://a:3128/x").startswith("the URL has a path")


@pytest.mark.parametrize("text", ["sqlite:////var/lib/x.db", "sqlite:///x.db"])
def test_the_store_is_a_file(text: str) -> None:
    """From the root, or from where the daemon runs."""
    assert TypeAdapter(StoreUrl).validate_python(text) == text


@pytest.mark.parametrize(
    "text", ["sqlite://", "sqlite:///", "sqlite:///x?mode=ro", "/var/x.db", "postgresql://me:hunter2@a/b"]
)
def test_other_stores_are_refused(text: str) -> None:
    """What would lose everything, or cannot be opened, is refused without telling a password."""
    problem = refusal(StoreUrl, text)
    assert "expected sqlite:/// and a file" in problem
    assert "hunter2" not in problem
