"""The kind `spool`: a job is a file in a folder, whose first word is its state."""

from collections.abc import Collection
from pathlib import Path
from typing import ClassVar, Literal

import anyio

from jobwatchd.errors import JobNotFound, SourceUnavailable
from jobwatchd.kinds.source import SourceContext, SourceSection
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.ports import UNCHANGED, Listing, Sighting
from jobwatchd.values.job_parameters import JobParameters
from jobwatchd.values.secrets import Password


class SpoolSource(SourceSection):
    """A folder of jobs; `passwords` are of no use here, but to be kept."""

    job_parameters: ClassVar = JobParameters(("file",))

    kind: Literal["spool"]
    folder: Path
    passwords: dict[str, Password]

    def build(self, context: SourceContext) -> "Spool":
        """Return a new source."""
        return Spool(context.name, self.folder)


class Spool:
    """Looks at files; implements `ports.Source`."""

    parameters = SpoolSource.job_parameters.names

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        """Look at one job; the rest of its file is what went wrong."""
        try:
            text = await (anyio.Path(self._folder) / ref.job).read_text()
        except FileNotFoundError:
            raise JobNotFound(f"{ref.key}: no such file") from None
        except OSError as exc:
            raise SourceUnavailable(f"{ref.key} cannot be read: {exc.strerror}") from exc
        if (seen := hash(text) or 1) == digest:
            return UNCHANGED
        word, _, rest = text.partition(" ")
        state = State(word) if word in list(State) else None
        return Sighting(seen, Observation(state, word, error=rest or None))

    async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:  # noqa: ARG002 - no lists
        """Find nothing: files are looked at one by one."""
        return Listing({}, 0)

    async def close(self) -> None:
        """Do nothing."""
