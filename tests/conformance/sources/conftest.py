"""One rig for each kind of source: the API it talks to, as far as documented, on a little HTTP server."""

from collections.abc import AsyncIterator, Iterator

import pytest
import trustme

from conformance.sources.little_server import LittleServer, Rig
from conformance.sources.rigs import RIGS
from jobwatchd.http.client import HttpClientKind, HttpOptions, build_http_client
from jobwatchd.testing import FakeClock


@pytest.fixture(scope="session", autouse=True)
def _few_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have each client read one authority, not all of the system's, which takes longer than a test: none speaks TLS."""
    file = tmp_path_factory.mktemp("authorities") / "one.pem"
    trustme.CA().cert_pem.write_to_path(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield


@pytest.fixture(params=["pyreqwest", "httpx"])
def http_kind(request: pytest.FixtureRequest) -> HttpClientKind:
    """Return each kind of HTTP client in turn."""
    kind: HttpClientKind = request.param
    return kind


@pytest.fixture(params=list(RIGS))
def rig_kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of source in turn; a test file about one kind has a fixture of its own."""
    return str(request.param)


@pytest.fixture
async def rig(rig_kind: str, http_kind: HttpClientKind) -> AsyncIterator[Rig]:
    """Yield a source with its API, on which all jobs are running."""
    rig = RIGS[rig_kind]()
    rig.jobs = lambda call: rig.shows(rig.words["running"], rig.number_in(call))
    async with LittleServer(rig.respond) as server:
        rig.server = server
        rig.source = rig.build(server.url, build_http_client(http_kind, HttpOptions()), FakeClock())
        yield rig
        await rig.source.close()
