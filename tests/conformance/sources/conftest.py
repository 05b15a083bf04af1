"""One rig for each kind of source: the API it talks to, as far as documented, on a little HTTP server."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme

from conformance.sources.http_json_api import API, WORDS
from conformance.sources.little_server import LittleServer, Reply, Rig
from jobwatchd.description import Credentials, Description
from jobwatchd.http.client import HttpOptions, build_http_client
from jobwatchd.model.job import JobReference
from jobwatchd.ports import HttpClient, Source
from jobwatchd.rotation import Rotating
from jobwatchd.sources.http_json.source import HttpJson
from jobwatchd.sources.nebula_explorer.login import NebulaAccount
from jobwatchd.sources.nebula_explorer.source import NebulaExplorer
from jobwatchd.sources.telestream_up.source import TelestreamUp
from jobwatchd.testing import FakeClock

NEBULA_WORDS = {"queued": 0, "running": 1, "succeeded": 2, "failed": 3, "cancelled": 4, "stopping": 5}
TELESTREAM_WORDS = {"queued": "created", "running": "in-process", "succeeded": "succeeded", "failed": "failed"}
TELESTREAM_WORDS |= {"cancelled": "stopped", "retrying": "retry"}


@pytest.fixture(scope="session", autouse=True)
def _few_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have each client read one authority, not all of the system's, which takes longer than a test: none speaks TLS."""
    file = tmp_path_factory.mktemp("authorities") / "one.pem"
    trustme.CA().cert_pem.write_to_path(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield


@dataclass
class NebulaRig(Rig):
    """NebulaGraph Explorer: a login gives a token, a wrong one is refused under HTTP 200."""

    password: str = "pässw0rd-s3cret"
    logins: int = 0
    tokens: set[str] = field(default_factory=set)
    login_reply: Any = None
    cookie: str = "explorer_token={}; Path=/; # Max-Age=259200; HttpOnly"
    words: Any = field(default_factory=lambda: NEBULA_WORDS)
    unknown = (17, "17")

    def build(self, url: str, client: HttpClient, clock: FakeClock) -> Source:
        """Return the source."""
        self.secrets = (self.password, "s3cret", "t0ken", b64encode(f"root:{self.password}".encode()).decode())
        return NebulaExplorer(
            "api",
            f"{url}/",
            NebulaAccount("root", Rotating.constant(self.password), "10.0.0.5", 9669),
            client=client,
            clock=clock,
        )

    def refuse(self, call: Any) -> Any:
        """Log in, or check the cookie."""
        if call.target == "/api-open/v1/connect":
            self.logins += 1
            return self.login_reply or self._log_in(call)
        known = call.headers.get("cookie", "").removeprefix("explorer_token=") in self.tokens
        return None if known else self.envelope(None, 40104001)

    def _log_in(self, call: Any) -> Any:
        expected = b64encode(f"root:{self.password}".encode()).decode()
        if call.headers.get("authorization") != f"Bearer {expected}":
            return self.envelope(None, 40104000)
        token = f"t0ken-{self.logins}"
        self.tokens.add(token)
        return Reply(200, self.envelope(None).body, (("Set-Cookie", self.cookie.replace("{}", token)),))

    def ref(self, number: int = 1964) -> JobReference:
        """Return a reference to a job by its number."""
        return self.ref_of(str(number))

    def envelope(self, data: object, code: int = 0, status: int = 200) -> Any:
        """Return an answer of the API."""
        message = "bad: s3cret" if code // 100_000 in {401, 403} else "Success"
        return Reply(status, json.dumps({"code": code, "message": message, "data": data}).encode())

    def shows(self, word: Any, number: int = 1964) -> Any:
        """Return the answer that shows a job in a state, given in the API's own word."""
        return self.envelope({"id": number, "name": "n", "workflowId": "w 1", "status": word, "tasks": []})

    def nothing_listed(self) -> Any:
        """Return a list without jobs."""
        return self.envelope({"items": [], "total": 0})

    def number_in(self, call: Any) -> int:
        """Return which job was asked for."""
        return int(call.target.rpartition("/")[2])

    def not_found(self) -> Any:
        """Return how the API says that there is no such job."""
        return self.envelope(None, 40404000)


@dataclass
class TelestreamRig(Rig):
    """Telestream UP: a bearer key, states as words."""

    api_key: str = "up-s3cret-key"
    words: Any = field(default_factory=lambda: TELESTREAM_WORDS)
    unknown = ("paused", "paused")

    def build(self, url: str, client: HttpClient, clock: FakeClock) -> Source:
        """Return the source."""
        self.secrets = (self.api_key, "s3cret")
        return TelestreamUp("api", f"{url}/", api_key=Rotating.constant(self.api_key), client=client, clock=clock)

    def refuse(self, call: Any) -> Any:
        """Check the key."""
        known = call.headers.get("authorization") == f"Bearer {self.api_key}"
        return None if known else Reply(401, b"no such key")

    def ref(self, number: int = 1964) -> JobReference:
        """Return a reference to a job by a number."""
        return self.ref_of("s", "w", f"j{number}")

    def shows(self, word: Any, number: int = 1964) -> Any:
        """Return the answer that shows a job in a state, given in the API's own word."""
        return Reply(200, json.dumps({"id": "e75e", "name": f"n{number}", "state": word}).encode())

    def nothing_listed(self) -> Any:
        """Return a summary, which shows no jobs."""
        names = ("waiting", "in_process", "completed", "failed", "stopped", "total")
        return Reply(200, json.dumps({f"{name}_job_count": 0 for name in names}).encode())

    def number_in(self, call: Any) -> int:
        """Return which job was asked for."""
        return int(call.target.rpartition("/j")[2])

    def not_found(self) -> Any:
        """Return how the API says that there is no such job."""
        return Reply(404, b'{"error": "?"}')


@dataclass
class HttpJsonRig(Rig):
    """An API by its description: a login brings a token in JSON; `make` builds a source with another description."""

    password: str = "pässw0rd-s3cret"
    logins: int = 0
    tokens: set[str] = field(default_factory=set)
    login_reply: Any = None
    words: Any = field(default_factory=lambda: WORDS)
    unknown = ("paused", "paused")
    clock: FakeClock = field(init=False)
    api: Any = field(default_factory=lambda: API)

    def build(self, url: str, client: HttpClient, clock: FakeClock) -> Source:
        """Return the source."""
        self.secrets = (self.password, "s3cret", "t0ken")
        self.clock, self.client = clock, client
        return self.make(url, username="root", password=self.password)

    def make(self, url: str, changes: Any = None, **credentials: str) -> Source:
        """Return a source with a description that differs in some keys."""
        api = Description.model_validate({**API, **(changes or {})})
        given = Rotating.constant(Credentials(**credentials))
        return HttpJson("api", url, api, credentials=given, client=self.client, clock=self.clock)

    def refuse(self, call: Any) -> Any:
        """Log in, or check the token."""
        if call.target == "/login":
            self.logins += 1
            return self.login_reply or self._log_in(call)
        known = call.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens
        return None if known else Reply(401, b"expired: s3cret")

    def _log_in(self, call: Any) -> Any:
        if json.loads(call.body) != {"user": "root", "password": self.password}:
            return Reply(401, b"no: s3cret")
        self.tokens.add(f"t0ken-{self.logins}")
        return Reply(201, json.dumps({"jwt": f"t0ken-{self.logins}"}).encode())

    def ref(self, number: int = 1964) -> JobReference:
        """Return a reference to a job by its number."""
        return self.ref_of(str(number))

    def shows(self, word: Any, number: int = 1964) -> Any:
        """Return the answer that shows a job in a state, given in the API's own word."""
        return Reply(200, json.dumps({"job": {"id": number, "flow": "f", "status": word}}).encode())

    def nothing_listed(self) -> Any:
        """Return a list without jobs."""
        return Reply(200, b'{"jobs": [], "count": 0}')

    def number_in(self, call: Any) -> int:
        """Return which job was asked for."""
        return int(call.target.rpartition("/")[2])

    def not_found(self) -> Any:
        """Return how the API says that there is no such job."""
        return Reply(404, b'{"error": "no such job"}')


RIGS = {"nebula": NebulaRig, "telestream": TelestreamRig, "http-json": HttpJsonRig}


@pytest.fixture(params=["pyreqwest", "httpx"])
def http_kind(request: pytest.FixtureRequest) -> Any:
    """Return each kind of HTTP client in turn."""
    return request.param


@pytest.fixture(params=list(RIGS))
def rig_kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of source in turn; a test file about one kind has a fixture of its own."""
    return str(request.param)


@pytest.fixture
async def rig(rig_kind: str, http_kind: Any) -> AsyncIterator[Any]:
    """Yield a source with its API, on which all jobs are running."""
    rig: Any = RIGS[rig_kind]()
    rig.jobs = lambda call: rig.shows(rig.words["running"], rig.number_in(call))
    async with LittleServer(rig.respond) as server:
        rig.server = server
        rig.source = rig.build(server.url, build_http_client(http_kind, HttpOptions()), FakeClock())
        yield rig
        await rig.source.close()
