"""NebulaGraph Explorer's workflow jobs as a source.

Source: the vendor's "Workflow API overview", "Query details for a specified job", "Get a list of all jobs", "Get a list
of jobs for a specified workflow" (NebulaGraph Explorer 3.x).
"""

from collections.abc import Collection, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from jobwatchd.errors import JobNotFound, SourceRejected
from jobwatchd.http.answer import OK
from jobwatchd.http.authenticated_client import AuthenticatedClient, FixedRequest
from jobwatchd.http.authentication.session import LoginSession
from jobwatchd.http.request import HttpRequest
from jobwatchd.model.job import JobReference, Observation
from jobwatchd.ports import UNCHANGED, Answer, Clock, HttpClient, Listing, Sighting
from jobwatchd.sources.nebula_explorer.login import NebulaAccount, NebulaLogin
from jobwatchd.sources.nebula_explorer.payload import PagePayload, read_entry, read_envelope, read_job
from jobwatchd.sources.payload import digest_of, read_model

API_PATH = "/api-open/v1"
PAGE_SIZE = 100
NEWEST_FIRST = quote('{"orderByCreateTime":"desc"}')  # jobs worth watching are mostly young


class NebulaExplorer:
    """Watches jobs of NebulaGraph Explorer; implements `ports.Source`, and owns `client`.

    `base_url` is `http://<host>:<port>`; the graph service of `account` is the one that `connect` wants. A group is a
    workflow's id; the empty one, of jobs that show no workflow, is the list of all jobs.
    """

    parameters: tuple[str, ...] = ("job_id",)

    def __init__(
        self,
        name: str,
        base_url: str,
        account: NebulaAccount,
        *,
        client: HttpClient,
        clock: Clock,
    ) -> None:
        api = f"{base_url.rstrip('/')}{API_PATH}"
        self.name = name
        self._workflows_url = f"{api}/workflows/"
        self._jobs_url = f"{api}/jobs"
        self._job_url = f"{api}/jobs/"
        self._clock = clock
        login = NebulaLogin(f"{api}/connect", account, clock)
        self._client = AuthenticatedClient(client, LoginSession(login, client, clock))

    # Not a coroutine itself: all polls come this way, and each coroutine within another costs as much as some calls do.
    def observe(self, ref: JobReference, digest: int) -> Coroutine[Any, Any, Sighting]:
        """Look at one job, with its tasks; see `ports.Source.observe`."""
        job_id = ref.job
        if "/" in job_id:
            raise SourceRejected(f"{ref.key} names no job of NebulaGraph Explorer; expected job_id alone")
        request = HttpRequest("GET", f"{self._job_url}{job_id}")
        return self._client.ask(_JobQuestion(request, job_id, digest, self._clock))

    async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:
        """Look at many jobs of one workflow, without their tasks; see `ports.Source.observe_many`."""
        wanted = {ref.job: ref for ref in refs}
        try:
            url = f"{self._list_url(group)}?filter={NEWEST_FIRST}&pageSize={PAGE_SIZE}"
        except ValueError:
            return Listing({}, 0)  # an id that a URL cannot carry (".."): its jobs are looked at singly
        listing = NebulaListing(group, wanted)
        number = 1
        try:
            while listing.add(
                await self._client.ask(_PageQuestion(HttpRequest("GET", f"{url}&page={number}"), self._clock))
            ):
                number += 1
        except JobNotFound as exc:
            # It is the workflow that does not exist, which says nothing about a job.
            raise SourceRejected(str(exc)) from None
        return Listing({wanted[job_id]: observation for job_id, observation in listing.found.items()}, number)

    async def close(self) -> None:
        """Give back connections."""
        await self._client.close()

    def _list_url(self, group: str) -> str:
        """Return the list of one workflow's jobs, or of all; raises ValueError for an id that is unsafe in a path."""
        return f"{self._workflows_url}{JobReference.of(self.name, [group]).job}/jobs" if group else self._jobs_url


@dataclass(slots=True)
class _JobQuestion(FixedRequest):
    """How a job is, of which an answer with that `digest` is known; implements `Question`."""

    job_id: str
    digest: int
    clock: Clock

    def read(self, answer: Answer) -> Sighting:
        body = answer.body
        seen = digest_of(body)
        # Only answers that were read well have a digest, so an equal one holds no refusal.
        if seen == self.digest and answer.status == OK:
            return UNCHANGED
        where = self.request.where
        return Sighting(seen, read_job(where, read_envelope(where, answer, self.clock.now()), body, self.job_id))


@dataclass(slots=True)
class _PageQuestion(FixedRequest):
    """What a page of a list shows; implements `Question`."""

    clock: Clock

    def read(self, answer: Answer) -> PagePayload:
        where = self.request.where
        data = read_envelope(where, answer, self.clock.now())
        return read_model(PagePayload, data, where, answer.body, within="data")


class NebulaListing:
    """Gathers what a list shows of the `wanted` job ids of one workflow (empty: of all), page by page.

    An entry names its own job, so it is true wherever on a page it stands. What is not trusted is: an entry that cannot
    be read, one of another workflow, and a job that is shown twice (the list moved under us, and the two may differ).
    """

    def __init__(self, group: str, wanted: Collection[str]) -> None:
        self.found: dict[str, Observation] = {}
        self._group = group
        self._wanted = frozenset(wanted)
        self._seen: set[str] = set()
        self._total: int | None = None
        self._entries = 0
        self._pages = 0

    def add(self, page: PagePayload) -> bool:
        """Take in the next page; return whether one more is worth asking for.

        It is not once all jobs were seen, the list has ended, its total changed (then the pages no longer fit together
        and the next may begin anywhere), or when the pages would outnumber the jobs: single requests are cheaper then.
        """
        items = page.items or []
        moved = self._total not in {None, page.total}
        self._total = page.total
        self._entries += len(items)
        self._pages += 1
        for item in items:
            self._take(item)
        ended = not items or self._entries >= page.total
        return not (moved or ended or self._wanted <= self._seen or self._pages >= len(self._wanted))

    def _take(self, item: object) -> None:
        entry = read_entry(item)
        if entry is None:
            return
        job_id, observation = entry
        if job_id in self._seen:
            self.found.pop(job_id, None)
            return
        self._seen.add(job_id)
        if job_id in self._wanted and self._group in {"", observation.facts.workflow_id}:
            self.found[job_id] = observation
