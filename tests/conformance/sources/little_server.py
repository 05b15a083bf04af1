"""A little HTTP server, which notes what it is asked; and what all rigs upon it have in common."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import anyio

from jobwatchd.model.job import JobReference, Observation
from jobwatchd.ports import HttpClient, Source
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


# A state, as an API says it.
Word = int | str
Respond = Callable[[Call], Awaitable[Reply]]


class LittleServer:
    """HTTP/1.1 with keep-alive on a loopback port of its own; notes each request."""

    def __init__(self, respond: Respond) -> None:
        self.calls: list[Call] = []
        self.url = ""
        self._respond = respond
        self._tasks: set[asyncio.Task[None]] = set()

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
        assert task is not None
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


def always(reply: Reply) -> Callable[[Call], Reply]:
    """Return what answers every request like this."""
    return lambda _: reply


@dataclass
class Rig:
    """A source and what its API does: `jobs` answers what passed authentication, `held` delays answers to targets.

    `parameters` is how many name a job.
    """

    source: Source = field(init=False)
    server: LittleServer = field(init=False)
    jobs: Callable[[Call], Reply] = field(init=False)
    held: dict[str, anyio.Event] = field(default_factory=dict)
    words: Mapping[str, Word] = field(default_factory=dict)
    unknown: ClassVar[tuple[Word, str]]
    lets_in_all: bool = False
    parameters: int = 1
    secrets: tuple[str, ...] = ()
    reply: type[Reply] = Reply

    async def respond(self, call: Call) -> Reply:
        """Answer one request."""
        refusal = None if self.lets_in_all else self.refuse(call)
        if call.target in self.held:
            await self.held[call.target].wait()
        return refusal or self.jobs(call)

    def take(self, secret: str) -> None:
        """Have the API take this secret, and none that it took before, nor what those had brought."""
        raise NotImplementedError

    def refuse(self, call: Call) -> Reply | None:
        """Return the answer to a request without good credentials, or to a login."""
        raise NotImplementedError

    def ref_of(self, *values: str) -> JobReference:
        """Return a reference to a job by plain parameters."""
        return JobReference.of("api", values)

    async def see(self, ref: JobReference | None = None) -> Observation:
        """Ask the source for a job, of which something has to be seen."""
        observation = (await self.source.observe(ref or self.ref(), 0)).observation
        assert observation is not None
        return observation

    def build(self, url: str, client: HttpClient, clock: FakeClock) -> Source:
        """Return the source."""
        raise NotImplementedError

    def ref(self, number: int = 1964) -> JobReference:
        """Return a reference to a job by a number."""
        raise NotImplementedError

    def shows(self, word: Word, number: int = 1964) -> Reply:
        """Return the answer that shows a job in a state, given in the API's own word."""
        raise NotImplementedError

    def nothing_listed(self) -> Reply:
        """Return a list without jobs."""
        raise NotImplementedError

    def number_in(self, call: Call) -> int:
        """Return which job was asked for."""
        raise NotImplementedError

    def not_found(self) -> Reply:
        """Return how the API says that there is no such job."""
        raise NotImplementedError
