"""The HTTP of the simulators and of the daemon, as the demo uses it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

import httpx

from jobwatchd.cli.demo.comparison import Followed, StateEntry, ToldEvent, Truth, read_event
from jobwatchd.cli.demo.scene import Role
from jobwatchd.errors import JobwatchError

PAGE = 1000


class RemoteFailed(JobwatchError):
    """A simulator or the daemon did not answer as it should."""


class Remote:
    """Speaks to the simulators, `simulators` being their base URLs by source name, and to the daemon at `daemon`."""

    def __init__(self, client: httpx.AsyncClient, simulators: Mapping[str, str]) -> None:
        self._client = client
        self._simulators = simulators
        self.daemon = ""

    async def submit(self, roles: Iterable[Role]) -> None:
        """Make jobs in the simulators; their lives begin now."""
        for source, group in groupby(sorted(roles, key=lambda role: role.source), key=lambda role: role.source):
            specs = [dict(role.spec) for role in group]
            await self._send("POST", f"{self._simulators[source]}/_sim/jobs", json={"jobs": specs})

    async def follow(self, roles: Iterable[Role]) -> None:
        """Have the daemon watch jobs."""
        for role in roles:
            await self._send("POST", f"{self.daemon}/v1/watches", json=role.watch)

    async def pending(self, sink: str) -> int:
        """Return how many events wait for a sink."""
        status = await self._send("GET", f"{self.daemon}/v1/status")
        return sum(each["pending"] for each in status["sinks"] if each["name"] == sink)

    async def events(self) -> list[ToldEvent]:
        """Return all events of the daemon, in its order."""
        return [read_event(event) for event in await self._all("events")]

    async def watches(self) -> list[dict[str, Any]]:
        """Return all watches of the daemon."""
        return await self._all("watches")

    async def truths(self) -> tuple[list[Truth], bool]:
        """Return what really happened to each job, and whether all have come to their end."""
        found: list[Truth] = []
        over = True
        for source, url in self._simulators.items():
            truth = await self._send("GET", f"{url}/_sim/truth")
            over = over and truth["all_ended"]
            found += [_truth(source, job, datetime.fromisoformat(truth["now"])) for job in truth["jobs"]]
        return found, over

    async def _all(self, what: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            page = await self._send("GET", f"{self.daemon}/v1/{what}", params={"after": after, "limit": PAGE})
            found += page["items"]
            if len(page["items"]) < PAGE:
                return found
            after = page["next"]

    async def _send(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            response = await self._client.request(method, url, **options)
        except httpx.HTTPError as exc:
            raise RemoteFailed(f"{method} {url} brought no answer: {type(exc).__name__} {exc}.") from exc
        if not response.is_success:
            raise RemoteFailed(f"{method} {url} was answered {response.status_code}: {response.text[:500]}")
        document: dict[str, Any] = response.json()
        return document


def followed(watch: Mapping[str, Any]) -> Followed:
    """Read a watch of the daemon's API."""
    return Followed(watch["key"], datetime.fromisoformat(watch["created_at"]), watch["deadline_s"])


def _truth(source: str, job: Mapping[str, Any], now: datetime) -> Truth:
    tasks = {task: _phases(history) for task, history in job["tasks"].items()}
    return Truth(f"{source}/{job['key']}", _phases(job["history"]), tasks, now)


def _phases(history: Iterable[Mapping[str, Any]]) -> tuple[StateEntry, ...]:
    return tuple(StateEntry(phase["state"], datetime.fromisoformat(phase["at"])) for phase in history)
