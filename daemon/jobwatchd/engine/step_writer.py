"""Has what polls have led to written; a watch is polled again only once that is on disk, or it was loaded again."""

from dataclasses import dataclass
from typing import NoReturn, Protocol

import anyio

from jobwatchd.engine.commits import Commits
from jobwatchd.engine.entries import Entry
from jobwatchd.engine.poller import News
from jobwatchd.engine.runtime import Runtime
from jobwatchd.model.watch import Watch
from jobwatchd.ports import Store


class WatchOwner(Protocol):
    """Who polls the watches, as a lane."""

    def settle(self, entry: Entry, watch: Watch, ago_s: float = 0.0) -> None:
        """Take note of the watch that a poll has led to, so long ago, and say when the next is wanted."""

    def remove(self, watch_id: int) -> None:
        """Let go of a watch that the store does not have any more."""


class StepWriter:
    """Submits the steps of one lane's watches; `run` loads those again that somebody else has changed."""

    def __init__(self, runtime: Runtime, store: Store, commits: Commits, owner: WatchOwner) -> None:
        self._clock = runtime.clock
        self._store = store
        self._commits = commits
        self._owner = owner
        self._stale: list[Entry] = []
        self._stale_came = anyio.Event()

    def submit(self, entry: Entry, news: News) -> None:
        """Have the news of a watch written."""
        self._commits.submit(news.step, _Submission(self, entry, news, self._clock.monotonic()))

    def on_written(self, entry: Entry, news: News, seen_s: float) -> None:
        """Go on with a watch whose step, seen at `seen_s`, is on disk."""
        entry.digest = news.digest
        self._owner.settle(entry, news.step.watch, self._clock.monotonic() - seen_s)

    def on_stale(self, entry: Entry) -> None:
        """Have a watch loaded again whose step is stale; what was seen of its job will be seen again."""
        self._stale.append(entry)
        self._stale_came.set()

    async def run(self) -> NoReturn:
        """Load stale watches again, for ever; raises what the store raises."""
        while True:
            await self._stale_came.wait()
            self._stale_came = anyio.Event()
            stale, self._stale = self._stale, []
            for entry in stale:
                if not entry.is_gone:
                    await self._renew(entry)

    async def _renew(self, entry: Entry) -> None:
        record = await self._store.get_watch(entry.watch.id)
        if record is None:
            self._owner.remove(entry.watch.id)
            return
        entry.digest, entry.trouble = 0, None
        self._owner.settle(entry, record.watch)


@dataclass(frozen=True, slots=True)
class _Submission:
    """A step on its way to the disk; `seen_s` is when the poll was made (monotonic)."""

    writer: StepWriter
    entry: Entry
    news: News
    seen_s: float

    def on_committed(self, *, is_written: bool) -> None:
        if is_written:
            self.writer.on_written(self.entry, self.news, self.seen_s)
        else:
            self.writer.on_stale(self.entry)
