"""What a webhook's URL and headers must be like."""

import pytest

from jobwatchd.errors import ConfigError
from jobwatchd.sinks.webhook.endpoint import checked_headers, checked_url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/hooks",
        "https://user:word@ci.example.com/a?b=c",
        "http://[::1]:1/",
        "https://bücher.example",
    ],
)
def test_a_usable_url_is_kept(url: str):
    """Whatever HTTP can reach is allowed."""
    assert checked_url(url, "here").host


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ci.example.com/planted",
        "ftp://ci.example.com/planted",
        "http://",
        "http:///planted",
        "https://user:planted@ci.example.com:port/",
        "https://ci..example.com/planted",
        f"https://{'x' * 64}.example.com/planted",
        "https://ci.example.com/\nplanted",
    ],
)
def test_an_unusable_url_is_refused_without_showing_it(url: str):
    """It may hold a password, so only the place is told."""
    with pytest.raises(ConfigError, match=r"^webhook sink ci: url is not usable; expected") as caught:
        checked_url(url, "webhook sink ci")
    assert "planted" not in str(caught.value)
    assert caught.value.__context__ is None


def test_usable_headers_are_kept():
    """Credentials are what headers are for."""
    headers = {"Authorization": "Bearer abc def", "X-Team": "graph"}
    assert checked_headers(headers, "here") == headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Token", "planted\r\nX-More: planted"),
        ("X-Token", "plänted"),
        ("X-Token", " planted"),
        ("X-Token", ""),
        ("X Token", "planted"),
        ("", "planted"),
        ("Content-Length", "1"),
        ("content-type", "planted"),
        ("Webhook-Signature", "planted"),
    ],
)
def test_an_unusable_header_is_refused_without_its_value(name: str, value: str):
    """Nothing can be smuggled in, nothing of ours overridden, no secret shown."""
    with pytest.raises(ConfigError, match=r"^webhook sink ci: header ") as caught:
        checked_headers({name: value}, "webhook sink ci")
    assert "planted" not in str(caught.value)
