"""Telestream UP's workflow jobs as a source.

Source: the vendor's "Get particular Workflow Job Details" and its page of the workflow's jobs summary. No list of jobs
is documented there; a group is a workflow, whose summary hints that nothing has moved.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from jobwatchd.errors import ConfigError, JobNotFound, SourceError, SourceRejected
from jobwatchd.http.answer import OK, REFUSED, status_error
from jobwatchd.http.authenticated_client import AuthenticatedClient, FixedRequest
from jobwatchd.http.authentication.constant import ConstantHeaders
from jobwatchd.http.authentication.contract import CredentialsRefused
from jobwatchd.http.request import HttpRequest
from jobwatchd.model.job import JobReference
from jobwatchd.ports import UNCHANGED, Answer, Clock, HttpClient, Listing, Sighting
from jobwatchd.rotation import Rotating
from jobwatchd.sources.payload import digest_of
from jobwatchd.sources.telestream_up.payload import JobsSummary, read_job, read_summary


class TelestreamUp:
    """Watches workflow jobs of Telestream UP; implements `ports.Source`, and owns `client`.

    `base_url` is the customer's own. Raises ConfigError for an API key that no header can carry.
    """

    parameters: tuple[str, ...] = ("space_id", "workflow_id", "job_id")

    def __init__(self, name: str, base_url: str, *, api_key: Rotating[str], client: HttpClient, clock: Clock) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._client = AuthenticatedClient(client, ConstantHeaders(api_key, self._key_headers))
        self._clock = clock
        self._counts: dict[str, tuple[JobsSummary, float]] = {}

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        """Look at one job; see `ports.Source.observe`."""
        parts = ref.job.split("/")
        if len(parts) != len(self.parameters):
            raise SourceRejected(f"{ref.key} names no job of Telestream UP; expected {'/'.join(self.parameters)}")
        request = HttpRequest("GET", f"{self._base_url}/{parts[0]}/workflows/{parts[1]}/jobs/{parts[2]}")
        return await self._client.ask(_JobQuestion(request, f"{parts[0]}/{parts[1]}", digest, self._clock))

    async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:  # noqa: ARG002 - one for all
        """Find nothing, for no list of jobs is documented; tell since when the workflow's counts are as they are."""
        space_id, workflow_id = JobReference(self.name, group).values
        counts = await self.summary(space_id, workflow_id)
        known = self._counts.get(group)
        if known is None or known[0] != counts:
            known = self._counts[group] = (counts, self._clock.monotonic())
        return Listing({}, requests=1, quiet_since_s=known[1])

    async def summary(self, space_id: str, workflow_id: str) -> JobsSummary:
        """Return how many jobs a workflow has, by what they are doing; raises as `observe`, but not `JobNotFound`.

        Raises ValueError for an id that is unsafe in a path.
        """
        space, workflow = JobReference.of(self.name, [space_id, workflow_id]).job.split("/")
        request = HttpRequest("GET", f"{self._base_url}/{space}/workflows/{workflow}/jobs/summary")
        return await self._client.ask(_SummaryQuestion(request, self._clock))

    async def close(self) -> None:
        """Give back connections."""
        await self._client.close()

    def _key_headers(self, api_key: str) -> Mapping[str, str]:
        if not (api_key and api_key.isascii() and api_key.isprintable()):
            raise ConfigError(
                f"sources.{self.name}.api_key cannot be sent in a header; expected visible ASCII characters"
            )
        return {"Authorization": f"Bearer {api_key}"}


@dataclass(slots=True)
class _SummaryQuestion(FixedRequest):
    """How many jobs a workflow has; implements `Question`."""

    clock: Clock

    def read(self, answer: Answer) -> JobsSummary:
        if answer.status != OK:
            raise _error(self.request, answer, self.clock)
        return read_summary(self.request.where, answer.body)


@dataclass(slots=True)
class _JobQuestion(FixedRequest):
    """How a job of that `group` is, of which an answer with that `digest` is known; implements `Question`."""

    group: str
    digest: int
    clock: Clock

    def read(self, answer: Answer) -> Sighting:
        if answer.status != OK:
            error = _error(self.request, answer, self.clock)
            # How the API words its errors is not documented, so no 404 can be told from a proxy's. That is safe: it
            # takes several in a row, over a grace time, before a job counts as lost.
            raise JobNotFound(str(error)) if answer.status == HTTPStatus.NOT_FOUND else error
        seen = digest_of(answer.body)
        if seen == self.digest:
            return UNCHANGED
        observation = read_job(self.request.where, answer.body)
        return Sighting(seen, replace(observation, group=self.group))


def _error(request: HttpRequest, answer: Answer, clock: Clock) -> SourceError:
    error = status_error(request.where, answer, clock.now())
    return CredentialsRefused(str(error)) if answer.status in REFUSED else error
