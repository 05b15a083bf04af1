"""A little HTTP server, and on it, one rig for each kind of source: the API it talks to, as far as documented."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

import anyio
import pytest

from jobwatchd.model.job import JobReference
from jobwatchd.ports import Source
from jobwatchd.sources.http.client import HttpClient, HttpOptions
from jobwatchd.sources.http.factory import build_http_client
from jobwatchd.sources.nebula_explorer import NebulaExplorer
from jobwatchd.sources.telestream_up import TelestreamUp
from jobwatchd.testing import FakeClock


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came: `target` is path and query, undecoded; names of headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer; with `cut`, the connection ends before the body does."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False


Respond = Callable[[Call], Awaitable[Reply]]
NEBULA_WORDS = {"queued": 0, "running": 1, "succeeded": 2, "failed": 3, "cancelled": 4, "stopping": 5}
TELESTREAM_WORDS = {"queued": "created", "running": "in-process", "succeeded": "succeeded", "failed": "failed"}
TELESTREAM_WORDS |= {"cancelled": "stopped", "retrying": "retry"}


class LittleServer:
    """HTTP/1.1 with keep-alive on a loopback port of its own; notes each request."""

    def __init__(self, respond: Respond) -> None:
        self.calls: list[Call] = []
        self.url = ""
        self._respond = respond
        self._tasks: set[Any] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await self.idle()

    async def idle(self) -> None:
        """Wait until no connection is open."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            return
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        reply = await self._respond(await self._read(reader))
        fields = [("Content-Length", str(len(reply.body) + 10 * reply.cut)), *reply.headers]
        head = [f"HTTP/1.1 {reply.status} Status", *(f"{name}: {value}" for name, value in fields)]
        writer.write("\r\n".join([*head, "", ""]).encode() + reply.body)
        await writer.drain()
        return not reply.cut

    async def _read(self, reader: asyncio.StreamReader) -> Call:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        call = Call(method, target, headers, body)
        self.calls.append(call)
        return call


@dataclass
class Rig:
    """A source and what its API does: `jobs` answers what passed authentication, `held` delays answers to targets."""

    source: Source = field(init=False)
    server: LittleServer = field(init=False)
    jobs: Callable[[Call], Reply] = field(init=False)
    held: dict[str, anyio.Event] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    reply: type[Reply] = Reply

    async def respond(self, call: Call) -> Reply:
        """Answer one request."""
        refusal = self.refuse(call)
        if call.target in self.held:
            await self.held[call.target].wait()
        return refusal or self.jobs(call)

    def refuse(self, call: Call) -> Reply | None:
        """Return the answer to a request without good credentials, or to a login."""
        raise NotImplementedError

    def ref_of(self, *values: str) -> JobReference:
        """Return a reference to a job by plain parameters."""
        return JobReference.of("api", values)


@dataclass
class NebulaRig(Rig):
    """NebulaGraph Explorer: a login gives a token, a wrong one is refused under HTTP 200."""

    password: str = "pässw0rd-s3cret"
    logins: int = 0
    tokens: set[str] = field(default_factory=set)
    login_reply: Reply | None = None
    cookie: str = "explorer_token={}; Path=/; # Max-Age=259200; HttpOnly"
    words: Any = field(default_factory=lambda: NEBULA_WORDS)
    unknown = (17, "17")

    def build(self, url: str, client: HttpClient, clock: FakeClock) -> Source:
        """Return the source."""
        self.secrets = (self.password, "s3cret", "t0ken", b64encode(f"root:{self.password}".encode()).decode())
        return NebulaExplorer(
            "api",
            f"{url}/",
            account="root",
            password=self.password,
            graphd_address="10.0.0.5",
            graphd_port=9669,
            client=client,
            clock=clock,
        )

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

    def shows(self, word: Any, number: int = 1964) -> Reply:
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
    words: Any = field(default_factory=lambda: TELESTREAM_WORDS)
    unknown = ("paused", "paused")

    def build(self, url: str, client: HttpClient, clock: FakeClock) -> Source:
        """Return the source."""
        self.secrets = (self.api_key, "s3cret")
        return TelestreamUp("api", f"{url}/", api_key=self.api_key, client=client, clock=clock)

    def refuse(self, call: Call) -> Reply | None:
        """Check the key."""
        known = call.headers.get("authorization") == f"Bearer {self.api_key}"
        return None if known else Reply(401, b"no such key")

    def ref(self, number: int = 1964) -> JobReference:
        """Return a reference to a job by a number."""
        return self.ref_of("s", "w", f"j{number}")

    def shows(self, word: Any, number: int = 1964) -> Reply:
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


@pytest.fixture(params=["pyreqwest", "httpx"])
def http_kind(request: pytest.FixtureRequest) -> Any:
    """Return each kind of HTTP client in turn."""
    return request.param


@pytest.fixture(params=["nebula", "telestream"])
def rig_kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of source in turn; a test file about one kind has a fixture of its own."""
    return str(request.param)


@pytest.fixture
async def rig(rig_kind: str, http_kind: Any) -> AsyncIterator[Any]:
    """Yield a source with its API, on which all jobs are running."""
    rig: Any = NebulaRig() if rig_kind == "nebula" else TelestreamRig()
    rig.jobs = lambda call: rig.shows(rig.words["running"], rig.number_in(call))
    async with LittleServer(rig.respond) as server:
        rig.server = server
        rig.source = rig.build(server.url, build_http_client(http_kind, HttpOptions()), FakeClock())
        yield rig
        await rig.source.close()
