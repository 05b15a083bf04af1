"""All the jobs of one simulated API."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from jobwatchd.simulator.job import SimulatedJob


class Fleet:
    """Jobs by key, and by workflow in the order of their creation; a job added twice is replaced."""

    def __init__(self) -> None:
        self._jobs: dict[str, SimulatedJob] = {}
        self._by_creation: dict[str | None, Sequence[SimulatedJob]] = {}

    def __iter__(self) -> Iterator[SimulatedJob]:
        return iter(self._jobs.values())

    def __contains__(self, key: str) -> bool:
        return key in self._jobs

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: SimulatedJob) -> None:
        """Add a job, or replace the one of the same key."""
        self._jobs[job.key] = job
        self._by_creation.clear()

    def find(self, key: str, now: datetime) -> SimulatedJob | None:
        """Return the job of this key; None where the API does not know it now."""
        job = self._jobs.get(key)
        return job if job is not None and job.is_known(now) else None

    def oldest_first(self, workflow_id: str | None) -> Sequence[SimulatedJob]:
        """Return the jobs of one workflow, None for those of all, in the order of their creation."""
        known = self._by_creation.get(workflow_id)
        if known is not None:
            return known
        chosen = [job for job in self if workflow_id is None or job.workflow_id == workflow_id]
        chosen.sort(key=lambda job: (job.created_at, len(job.key), job.key))
        if chosen:
            # Kept until a job is added: a list poll of a large fleet must not sort it again.
            self._by_creation[workflow_id] = chosen
        return chosen
