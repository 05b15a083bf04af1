"""Telestream UP's workflow jobs as a source.

Source: the vendor's "Get particular Workflow Job Details" and its page of the workflow's jobs summary. No list of jobs
is documented there; a group is a workflow, whose summary hints that nothing has moved.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from http import HTTPStatus

from jobwatchd.errors import ConfigError, JobNotFound, SourceRejected
from jobwatchd.http.answer import OK, REFUSED, bare_url, status_error
from jobwatchd.model.job import JobReference
from jobwatchd.ports import UNCHANGED, Answer, Clock, HttpClient, Listing, Sighting
from jobwatchd.rotation import Rotating
from jobwatchd.sources.payload import digest_of
from jobwatchd.sources.telestream_up.payload import JobsSummary, read_job, read_summary


class TelestreamUp:
    """Watches workflow jobs of Telestream UP; implements `ports.Source`, and owns `client`.

    `base_url` is the customer's own. Raises ConfigError for an API key that no header can carry. Where the key
    is refused, its file is looked at, and if there is another in it, it is asked once more.
    """

    parameters: tuple[str, ...] = ("space_id", "workflow_id", "job_id")

    def __init__(self, name: str, base_url: str, *, api_key: Rotating[str], client: HttpClient, clock: Clock) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._take_key(api_key.value)
        api_key.listen(self._take_key)
        self._client = client
        self._clock = clock
        self._counts: dict[str, tuple[JobsSummary, float]] = {}

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        """Look at one job; see `ports.Source.observe`."""
        parts = ref.job.split("/")
        if len(parts) != len(self.parameters):
            raise SourceRejected(f"{ref.key} names no job of Telestream UP; expected {'/'.join(self.parameters)}")
        url = f"{self._base_url}/{parts[0]}/workflows/{parts[1]}/jobs/{parts[2]}"
        headers = self._headers
        answer = await self._client.request("GET", url, headers)
        if answer.status != OK:
            answer = await self._ask_again(url, headers, answer)
            if answer.status != OK:
                self._fail(url, answer)
        seen = digest_of(answer.body)
        if seen == digest:
            return UNCHANGED
        observation = read_job(f"GET {bare_url(url)}", answer.body)
        return Sighting(seen, replace(observation, group=f"{parts[0]}/{parts[1]}"))

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
        url = f"{self._base_url}/{space}/workflows/{workflow}/jobs/summary"
        headers = self._headers
        answer = await self._client.request("GET", url, headers)
        if answer.status != OK:
            answer = await self._ask_again(url, headers, answer)
            if answer.status != OK:
                raise status_error(f"GET {bare_url(url)}", answer, self._clock.now())
        return read_summary(f"GET {bare_url(url)}", answer.body)

    async def close(self) -> None:
        """Give back connections."""
        self._api_key.close()
        await self._client.close()

    def _take_key(self, api_key: str) -> None:
        if not (api_key and api_key.isascii() and api_key.isprintable()):
            raise ConfigError(
                f"sources.{self.name}.api_key cannot be sent in a header; expected visible ASCII characters"
            )
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def _ask_again(self, url: str, headers: Mapping[str, str], answer: Answer) -> Answer:
        """Return the answer to another API key, where this one was refused and there is another by now."""
        if answer.status not in REFUSED:
            return answer
        await self._api_key.refresh()
        if self._headers is headers:
            return answer
        return await self._client.request("GET", url, self._headers)

    def _fail(self, url: str, answer: Answer) -> None:
        error = status_error(f"GET {bare_url(url)}", answer, self._clock.now())
        # How the API words its errors is not documented, so no 404 can be told from a proxy's. That is safe: it takes
        # several in a row, over a grace time, before a job counts as lost.
        raise JobNotFound(str(error)) if answer.status == HTTPStatus.NOT_FOUND else error
