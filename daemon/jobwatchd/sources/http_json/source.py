"""Any job API that answers in JSON, as a source."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from jobwatchd.description import Credentials, Description
from jobwatchd.errors import JobNotFound, SourceRejected
from jobwatchd.http.answer import unreadable
from jobwatchd.http.authenticated_client import AuthenticatedClient, FixedRequest
from jobwatchd.http.authentication.contract import Site
from jobwatchd.http.authentication.kinds import build_authentication
from jobwatchd.http.request import HttpRequest, RequestWriter
from jobwatchd.model.job import JobReference, Observation
from jobwatchd.ports import UNCHANGED, Answer, Clock, HttpClient, Listing, Sighting
from jobwatchd.rotation import Rotating
from jobwatchd.sources.http_json.judge import Judge
from jobwatchd.sources.http_json.listing import JobList
from jobwatchd.sources.http_json.reader import Reader, UnreadableError


class HttpJson:
    """Watches the jobs of an API by its description; implements `ports.Source`, and owns `client`."""

    def __init__(
        self,
        name: str,
        base_url: str,
        api: Description,
        *,
        credentials: Rotating[Credentials],
        client: HttpClient,
        clock: Clock,
    ) -> None:
        base_url = base_url.rstrip("/")
        self.name = name
        self.parameters = api.parameters
        self._clock = clock
        self._writer = RequestWriter(base_url, api.request, api.numeric)
        self._judge = Judge(api)
        self._reader = Reader(api.read, api.states, ignore_case=api.ignore_case)
        authentication = build_authentication(api.auth, Site(base_url, credentials, client, clock))
        self._client = AuthenticatedClient(client, authentication)
        self._list = None if api.list is None else JobList(name, base_url, api, api.list, self._reader)

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        """Look at one job; see `ports.Source.observe`."""
        parts = ref.job.split("/")
        if len(parts) != len(self.parameters):
            raise SourceRejected(f"{ref.key} names no job of {self.name}; expected {'/'.join(self.parameters)}")
        segments = dict(zip(self.parameters, parts, strict=True))
        return await self._client.ask(_JobQuestion(self._writer.write(segments), self, ref, segments, digest))

    async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:
        """Look at many jobs that are in one list; see `ports.Source.observe_many`."""
        if self._list is None:
            return Listing({}, 0)
        try:
            return await self._list.find(group, refs, self._fetch)
        except JobNotFound as exc:
            # It is the list that does not exist, which says nothing about a job.
            raise SourceRejected(str(exc)) from None

    async def close(self) -> None:
        """Give back connections."""
        await self._client.close()

    async def _fetch(self, call: HttpRequest) -> tuple[Answer, Any]:
        return await self._client.ask(_PageQuestion(call, self))

    def judge(self, call: HttpRequest, answer: Answer) -> Any:
        """Return the JSON of an answer; raises what it is otherwise, see `Judge.judge`."""
        return self._judge.judge(call.where, answer, self._clock.now())

    def read(self, value: Any, ref: JobReference, segments: Mapping[str, str]) -> Observation:
        """Return the job that the JSON of an answer shows; raises `UnreadableError`."""
        job = self._reader.within(value)
        group = None if self._list is None else self._list.group_of(segments, job)
        return self._reader.read(job, ref.values[-1], group)


@dataclass(slots=True)
class _JobQuestion(FixedRequest):
    """How a job is, of which an answer with that `digest` is known; implements `Question`."""

    source: HttpJson
    ref: JobReference
    segments: Mapping[str, str]
    digest: int

    def read(self, answer: Answer) -> Sighting:
        # The status is a part of it: what is read may depend on it.
        seen = hash((answer.status, answer.body)) or 1
        # Only answers that were read well have a digest, so an equal one holds no refusal.
        if seen == self.digest:
            return UNCHANGED
        value = self.source.judge(self.request, answer)
        try:
            return Sighting(seen, self.source.read(value, self.ref, self.segments))
        except UnreadableError as exc:
            raise unreadable(self.request.where, str(exc), answer.body) from None


@dataclass(slots=True)
class _PageQuestion(FixedRequest):
    """What a page of the list says; implements `Question`."""

    source: HttpJson

    def read(self, answer: Answer) -> tuple[Answer, Any]:
        return answer, self.source.judge(self.request, answer)
