"""The pages of one list of jobs, gathered, while the list may change between two pages."""

from collections.abc import Collection

from jobwatchd.model.job import Observation
from jobwatchd.sources.nebula_explorer.payload import PagePayload, read_entry


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
