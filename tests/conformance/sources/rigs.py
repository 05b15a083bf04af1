"""A rig for each kind of source: the API it talks to, as far as documented."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.sources.http_json_api import API, WORDS
from conformance.sources.little_server import Call, Reply, Rig, Word
from jobwatchd.description import Credentials, Description
from jobwatchd.model.job import JobReference
from jobwatchd.ports import HttpClient, Source
from jobwatchd.rotation import Rotating
from jobwatchd.sources.http_json.source import HttpJson
from jobwatchd.sources.nebula_explorer.login import NebulaAccount
from jobwatchd.sources.nebula_explorer.source import NebulaExplorer
from jobwatchd.sources.telestream_up.payload import JobsSummary
from jobwatchd.sources.telestream_up.source import TelestreamUp
from jobwatchd.testing import FakeClock

NEBULA_WORDS = {"queued": 0, "running": 1, "succeeded": 2, "failed": 3, "cancelled": 4, "stopping": 5}
TELESTREAM_WORDS = {
    "queued": "created",
    "running": "in-process",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "stopped",
    "retrying": "retry",
}


@dataclass
class NebulaRig(Rig):
    """NebulaGraph Explorer: a login gives a token, a wrong one is refused under HTTP 200."""

    password: str = "pässw0rd-s3cret"
    logins: int = 0
    tokens: set[str] = field(default_factory=set)
    login_reply: Reply | None = None
    cookie: str = "explorer_token={}; Path=/; # Max-Age=259200; HttpOnly"
    words: Mapping[str, Word] = field(default_factory=lambda: NEBULA_WORDS)
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

    def take(self, secret: str) -> None:
        """Have the API take this password, and no token of before."""
        self.password = secret
        self.tokens.clear()

    def refuse(self, call: Call) -> Reply | None:
        """Log in, or check the cookie."""
        if call.target == "/api-open/v1/connect":
            self.logins += 1
            return self.login_reply or self._log_in(call)
        known = call.headers.get("cookie", "").removeprefix("explorer_token=") in self.tokens
        return None if known else self.envelope(None, 40104001)

    def _log_in(self, call: Call) -> Reply:
        expected = b64encode(f"root:{self.password}".encode()).decode()
        if call.headers.get("authorization") != f"Bearer {expected}":
            return self.envelope(None, 40104000)
        token = f"t0ken-{self.logins}"
        self.tokens.add(token)
        return Reply(200, self.envelope(None).body, (("Set-Cookie", self.cookie.replace("{}", token)),))

    def ref(self, number: int = 1964) -> JobReference:
        """Return a reference to a job by its number."""
        return self.ref_of(str(number))

    def envelope(self, data: object, code: int = 0, status: int = 200) -> Reply:
        """Return an answer of the API."""
        message = "bad: s3cret" if code // 100_000 in {401, 403} else "Success"
        return Reply(status, json.dumps({"code": code, "message": message, "data": data}).encode())

    def shows(self, word: Word, number: int = 1964) -> Reply:
        """Return the answer that shows a job in a state, given in the API's own word."""
        return self.envelope({"id": number, "name": "n", "workflowId": "w 1", "status": word, "tasks": []})

    def nothing_listed(self) -> Reply:
        """Return a list without jobs."""
        return self.envelope({"items": [], "total": 0})

    def number_in(self, call: Call) -> int:
        """Return which job was asked for."""
        return int(call.target.rpartition("/")[2])

    def not_found(self) -> Reply:
        """Return how the API says that there is no such job."""
        return self.envelope(None, 40404000)


@dataclass
class TelestreamRig(Rig):
    """Telestream UP: a bearer key, states as words."""

    api_key: str = "up-s3cret-key"
    words: Mapping[str, Word] = field(default_factory=lambda: TELESTREAM_WORDS)
    unknown = ("paused", "paused")
    parameters: int = 3
    clock: FakeClock = field(init=False)
    client: HttpClient = field(init=False)

    def build(self, url: str, client: HttpClient, clock: FakeClock) -> Source:
        """Return the source."""
        self.secrets = (self.api_key, "s3cret")
        self.clock, self.client = clock, client
        return TelestreamUp("api", f"{url}/", api_key=Rotating.constant(self.api_key), client=client, clock=clock)

    def take(self, secret: str) -> None:
        """Have the API take this key."""
        self.api_key = secret

    def refuse(self, call: Call) -> Reply | None:
        """Check the key."""
        known = call.headers.get("authorization") == f"Bearer {self.api_key}"
        return None if known else Reply(401, b"no such key")

    def ref(self, number: int = 1964) -> JobReference:
        """Return a reference to a job by a number."""
        return self.ref_of("s", "w", f"j{number}")

    def shows(self, word: Word, number: int = 1964) -> Reply:
        """Return the answer that shows a job in a state, given in the API's own word."""
        return Reply(200, json.dumps({"id": "e75e", "name": f"n{number}", "state": word}).encode())

    def nothing_listed(self) -> Reply:
        """Return a summary, which shows no jobs."""
        names = ("waiting", "in_process", "completed", "failed", "stopped", "total")
        return Reply(200, json.dumps({f"{name}_job_count": 0 for name in names}).encode())

    def number_in(self, call: Call) -> int:
        """Return which job was asked for."""
        return int(call.target.rpartition("/j")[2])

    def not_found(self) -> Reply:
        """Return how the API says that there is no such job."""
        return Reply(404, b'{"error": "?"}')

    async def summary(self, service: str, workflow: str) -> JobsSummary:
        """Ask for how many jobs a workflow has."""
        assert isinstance(self.source, TelestreamUp)
        return await self.source.summary(service, workflow)


@dataclass
class HttpJsonRig(Rig):
    """An API by its description: a login brings a token in JSON; `make` builds a source with another description."""

    password: str = "pässw0rd-s3cret"
    logins: int = 0
    tokens: set[str] = field(default_factory=set)
    login_reply: Reply | None = None
    words: Mapping[str, Word] = field(default_factory=lambda: WORDS)
    unknown = ("paused", "paused")
    clock: FakeClock = field(init=False)
    api: Mapping[str, Any] = field(default_factory=lambda: API)

    def build(self, url: str, client: HttpClient, clock: FakeClock) -> Source:
        """Return the source."""
        self.secrets = (self.password, "s3cret", "t0ken")
        self.clock, self.client = clock, client
        return self.make(url, username="root", password=self.password)

    def make(self, url: str, changes: Mapping[str, Any] | None = None, **credentials: str) -> Source:
        """Return a source with a description that differs in some keys."""
        api = Description.model_validate({**API, **(changes or {})})
        given = Rotating.constant(Credentials(**credentials))
        return HttpJson("api", url, api, credentials=given, client=self.client, clock=self.clock)

    def take(self, secret: str) -> None:
        """Have the API take this password, and no token of before."""
        self.password = secret
        self.tokens.clear()

    def refuse(self, call: Call) -> Reply | None:
        """Log in, or check the token."""
        if call.target == "/login":
            self.logins += 1
            return self.login_reply or self._log_in(call)
        known = call.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens
        return None if known else Reply(401, b"expired: s3cret")

    def _log_in(self, call: Call) -> Reply:
        if json.loads(call.body) != {"user": "root", "password": self.password}:
            return Reply(401, b"no: s3cret")
        self.tokens.add(f"t0ken-{self.logins}")
        return Reply(201, json.dumps({"jwt": f"t0ken-{self.logins}"}).encode())

    def ref(self, number: int = 1964) -> JobReference:
        """Return a reference to a job by its number."""
        return self.ref_of(str(number))

    def shows(self, word: Word, number: int = 1964) -> Reply:
        """Return the answer that shows a job in a state, given in the API's own word."""
        return Reply(200, json.dumps({"job": {"id": number, "flow": "f", "status": word}}).encode())

    def nothing_listed(self) -> Reply:
        """Return a list without jobs."""
        return Reply(200, b'{"jobs": [], "count": 0}')

    def number_in(self, call: Call) -> int:
        """Return which job was asked for."""
        return int(call.target.rpartition("/")[2])

    def not_found(self) -> Reply:
        """Return how the API says that there is no such job."""
        return Reply(404, b'{"error": "no such job"}')


RIGS: Mapping[str, Callable[[], Rig]] = {"nebula": NebulaRig, "telestream": TelestreamRig, "http-json": HttpJsonRig}
