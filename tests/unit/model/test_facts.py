"""What is taken for a fact of a job."""

import pytest

from jobwatchd.model.facts import MAX_URL_LENGTH, link

SHORT = "https://ci.example.com/runs/7"


@pytest.mark.parametrize(
    "url",
    [
        SHORT,
        "HTTP://10.0.0.5:8080/job/nightly/33/",
        "https://[2001:db8::1]/a?b=c%20d&e=%C3%A9#/job/7",
        SHORT.ljust(MAX_URL_LENGTH, "7"),
    ],
)
def test_a_web_address_is_a_link(url: str) -> None:
    """It stays as it is."""
    assert link(url) == url


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JavaScript://ci.example.com/%0aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://ci.example.com/",
        "//ci.example.com/runs/7",
        "/runs/7",
        "https://",
        "https:///runs/7",
        f" {SHORT}",
        f"{SHORT}\n",
        f"{SHORT}\x1b[2J",
        f'{SHORT}"onclick="x',
        f"{SHORT}<b>",
        f"{SHORT}/ü",
        SHORT.ljust(MAX_URL_LENGTH + 1, "7"),
        "",
        None,
        7,
        [SHORT],
    ],
)
def test_anything_else_is_none(value: object) -> None:
    """Neither what runs when it is clicked, nor what could end an attribute, a line or a terminal's patience."""
    assert link(value) is None
