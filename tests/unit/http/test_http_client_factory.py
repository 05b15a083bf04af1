"""Which HTTP client a setting gives."""

import subprocess
import sys

import pytest

from jobwatchd.errors import ConfigError
from jobwatchd.http.client import HttpOptions, build_http_client


def test_httpx_needs_no_pyreqwest() -> None:
    """Where pyreqwest is not installed, the httpx client is built all the same."""
    program = (
        "import sys; sys.modules['pyreqwest'] = None\n"
        "from jobwatchd.http.client import HttpOptions\n"
        "from jobwatchd.http.client import build_http_client\n"
        "print(type(build_http_client('httpx', HttpOptions())).__name__)"
    )
    done = subprocess.run([sys.executable, "-Ic", program], capture_output=True, text=True, check=True)
    assert done.stdout == "HttpxClient\n"


def test_missing_pyreqwest_is_a_mistake_in_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyreqwest is wanted and not installed, the message names the way out."""
    monkeypatch.setitem(sys.modules, "pyreqwest", None)
    monkeypatch.setitem(sys.modules, "pyreqwest.client", None)
    monkeypatch.delitem(sys.modules, "jobwatchd.http.pyreqwest_client", raising=False)
    with pytest.raises(ConfigError, match=r"http_client is pyreqwest, which cannot be loaded here .* httpx"):
        build_http_client("pyreqwest", HttpOptions())
