"""What is remote: job APIs, receivers of events, and the HTTP client that reaches both."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from jobwatchd.model.event import Event
from jobwatchd.model.job import JobReference, Observation


class Sighting(NamedTuple):
    """What one poll brought: a digest of the answer, and what it says; `UNCHANGED` where that is what the last said."""

    digest: int
    observation: Observation | None


UNCHANGED = Sighting(0, None)


class Listing(NamedTuple):
    """What a list poll brought: what it says of jobs, and how many requests it took.

    A source that cannot list, but can tell whether anything moved, says since when nothing did: `quiet_since_s`, on the
    clock's monotonic scale. Two changes may cancel out, so it is a hint for a while and no observation.
    """

    found: Mapping[JobReference, Observation]
    requests: int
    quiet_since_s: float | None = None


class Source(Protocol):
    """One configured job API.

    Both calls raise `SourceError`s only, never anything else, and never call an answer that could not be read a state
    of the job. A source renews its own credentials, once for all polls that wait for it, and tries the request again;
    only a second refusal is `SourceUnauthorized`. Calls may run concurrently, as many as the lane allows.
    """

    name: str

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        """Look at one job; `digest` is that of its last sighting, 0 for none.

        Raises `JobNotFound` only where the API itself says that there is no such job; `SourceUnavailable`,
        `SourceRateLimited`, `SourceUnauthorized`, `SourceRejected`, `BadPayload` as their docstrings say.
        """

    async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:
        """Look at many jobs of one `Observation.group` with as few requests as the API allows.

        Jobs that the list does not show, or whose entry cannot be trusted, are left out: look at them singly. A list
        may show less of a job than `observe` does (no tasks). Raises as `observe`, but never `JobNotFound`. Only called
        for groups that the source's own observations have named.
        """

    async def close(self) -> None:
        """Give back connections; the source is not used afterwards."""


class Sink(Protocol):
    """Where events go.

    A durable sink has its deliveries kept in the store until `send` returns: at least once, in order per subject. A
    sink that is not durable is handed every committed event once, in this process only.
    """

    name: str
    durable: bool

    async def send(self, event: Event) -> None:
        """Hand over one event; returning means that it was taken.

        Raises `SinkUnavailable`, `SinkRejected` or `SinkGone`, nothing else. The same event may come again, by its id.
        """

    async def close(self) -> None:
        """Give back connections and flush; the sink is not used afterwards."""


class Answer(Protocol):
    """An HTTP response whose body was read."""

    status: int
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in any case."""

    def headers(self, name: str) -> Sequence[str]:
        """Return all headers of this name, in order."""


class HttpClient(Protocol):
    """Sends one request and returns its answer, whatever its status.

    Raises `SourceUnavailable` when no whole answer came (refused, reset, truncated, not HTTP, any of the timeouts, no
    connection free, what cannot be sent) and `BadPayload` when the body is too large or cannot be read, for a sink
    `SinkUnavailable` in both cases; nothing else. Messages name the request, but no secrets. Constructors raise
    `ConfigError` for a PEM file or option of no use. Where a kept connection turns out to be closed too late, the
    request fails. A cancelled one frees its place at once.
    """

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request to an absolute URL that is already percent-encoded."""

    async def close(self) -> None:
        """Close all connections; the client is not used afterwards."""
