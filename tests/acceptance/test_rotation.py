"""Files of secrets and certificates that are replaced while the real process runs, and nobody signals it."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from acceptance.processes import RunDaemon

Put = Callable[[Path, bytes], None]


def rewrite(path: Path, content: bytes) -> None:
    """Write over the file."""
    path.write_bytes(content)


def swap(path: Path, content: bytes) -> None:
    """Do as the kubelet does: the file is a link through `..data`, which is swapped for one to a new folder."""
    folder = path.parent / f"..{len(list(path.parent.iterdir()))}"
    folder.mkdir()
    (folder / path.name).write_bytes(content)
    link = path.parent / "..data_tmp"
    link.symlink_to(folder.name)
    link.replace(path.parent / "..data")
    if not path.is_symlink():
        path.symlink_to(f"..data/{path.name}")


class Api(ThreadingHTTPServer):
    """A job API whose one job is in the state `state`, for those who have the token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.state = "running"
        self.token = "first-token"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of those who do not believe us."""


class Handler(BaseHTTPRequestHandler):
    """Answers one poll a connection."""

    def do_GET(self) -> None:
        """Tell the state."""
        api: Any = self.server
        known = self.headers["Authorization"] == f"Bearer {api.token}"
        self.send_response(HTTPStatus.OK if known else HTTPStatus.UNAUTHORIZED)
        body = json.dumps({"state": api.state}).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    """Return the API, serving from a thread."""
    server = Api()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tls_api(api: Api) -> tuple[Api, bytes]:
    """Return the API with a certificate, and the authority that nobody knows by itself."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    # In the thread of each connection, not in the one that takes them.
    api.socket = context.wrap_socket(api.socket, server_side=True, do_handshake_on_connect=False)
    return api, authority.cert_pem.bytes()


def _config(url: str, client: str, token: Path, **source: Any) -> dict[str, Any]:
    states = {state: state for state in ("running", "succeeded")}
    read = {"parameters": ["job"], "request": {"path": "/{job}"}, "read": {"state": "state"}, "states": states}
    poll = {"min_interval": "100ms", "max_interval": "300ms"}
    source |= {"kind": "http-json", "base_url": url, "http_client": client, "poll": poll, "token_file": str(token)}
    return {
        "sources": {"jobs": {**read, "auth": {"kind": "bearer"}, **source}},
        "server": {"listen": "127.0.0.1:0"},
        "log": {"format": "json"},
        "watches": [{"source": "jobs", "job": {"job": "one"}}],
    }


@pytest.fixture(params=[pytest.param(rewrite, marks=pytest.mark.slow), swap])
def put(request: pytest.FixtureRequest) -> Any:
    """Return what replaces a file."""
    return request.param


@pytest.fixture(params=["pyreqwest", pytest.param("httpx", marks=pytest.mark.slow)])
def client(request: pytest.FixtureRequest) -> Any:
    """Name the HTTP client."""
    return request.param


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder for files that are replaced."""
    path = tmp_path / "replaced"
    path.mkdir()
    return path


async def test_a_token_in_a_file_is_replaced(
    client: str, put: Put, api: Api, run_daemon: RunDaemon, folder: Path
) -> None:
    """The first refusal, or the next look at the file, brings the new one; no log line has either."""
    token = folder / "token"
    put(token, b"first-token\n")
    daemon = run_daemon(_config(f"http://127.0.0.1:{api.server_port}", client, token))
    await daemon.up()
    await daemon.logged("job.running")
    put(token, b"second-token\n")
    api.token, api.state = "second-token", "succeeded"
    await daemon.logged("job.succeeded")
    await daemon.logged("rotation.done", place="sources.jobs")
    log = daemon.logs[-1].read_text()
    assert [word for word in ("first-token", "second-token", "reload.done") if word in log] == []


async def test_a_bundle_of_authorities_is_replaced(
    client: str, put: Put, tls_api: tuple[Api, bytes], run_daemon: RunDaemon, folder: Path
) -> None:
    """A server whose authority was unknown is believed once it stands in the bundle."""
    api, authority = tls_api
    bundle, token = folder / "ca.pem", folder.with_name("token")
    put(bundle, trustme.CA().cert_pem.bytes())
    token.write_text(api.token)
    daemon = run_daemon(_config(f"https://localhost:{api.server_port}", client, token, tls={"ca_file": str(bundle)}))
    await daemon.up()
    await daemon.logged("source.failing")
    put(bundle, authority)
    await daemon.logged("rotation.done", place="sources.jobs.tls")
    await daemon.logged("job.running")
    assert "reload.done" not in daemon.logs[-1].read_text()
