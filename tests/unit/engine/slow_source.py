"""A source that answers when it is let."""

import anyio

from jobwatchd.model.job import JobReference
from jobwatchd.ports import Sighting
from jobwatchd.testing import ScriptedSource


class SlowSource(ScriptedSource):
    """A scripted source whose answers wait until they are let through."""

    def __init__(self) -> None:
        super().__init__("graph")
        self.go_on = anyio.Event()

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        """Note the poll, wait, and answer."""
        sighting = await super().observe(ref, digest)
        await self.go_on.wait()
        return sighting
