"""The watches of the running daemon: in the store, and each in its source's lane."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import anyio.lowlevel
from anyio.abc import TaskGroup

from jobwatchd.engine.lane import Lane
from jobwatchd.model.health import SourceState
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import Origin, Policy, Watch, WatchSpec
from jobwatchd.ports import Clock, Store

# So many watches a transaction: few enough that what polls have to write fits in between.
PAGE = 1_000
# So many of the watches that went are named in the log.
NAMED = 20
T = TypeVar("T")
NameJob = Callable[[str, Mapping[str, str], Policy], JobReference]


@dataclass(slots=True)
class Reconciled:
    """How many watches came, changed and went with a configuration; `gone` names the first of the last."""

    added: int = 0
    amended: int = 0
    removed: int = 0
    gone: list[str] = field(default_factory=list)


class Watchlist:
    """Adds, removes and reconciles watches while lanes poll; implements `ports.Watchlist`.

    `name_job` makes a reference of a source's name, named parameters and the policy wanted; it raises `Misfit`.
    """

    def __init__(self, store: Store, clock: Clock, name_job: NameJob) -> None:
        self.name_job = name_job
        self._store = store
        self._clock = clock
        self._lanes: dict[str, Lane] = {}

    @property
    def lanes(self) -> Mapping[str, Lane]:
        """The lanes that are open, by the names of their sources."""
        return self._lanes

    def source_states(self) -> Sequence[SourceState]:
        """Return how each source fares; see `ports.Watchlist`."""
        return [self._lanes[name].state() for name in sorted(self._lanes)]

    def reference(self, source: str, job: Mapping[str, str], policy: Policy) -> JobReference:
        """Return the reference for named job parameters, to be watched like that; raises `Misfit`."""
        return self.name_job(source, job, policy)

    async def add(self, specs: Sequence[WatchSpec]) -> Sequence[tuple[Watch, bool]]:
        """Store watches and start to poll the new ones at once."""
        added = await self._store.add_watches(specs, self._clock.now())
        # Also one that is not new, but that nobody polls: it may have been added by a call that seemed to fail.
        self._poll([watch for watch, is_new in added if is_new or not self._is_polled(watch)])
        return added

    async def remove(self, watch_id: int) -> bool:
        """Remove a watch and stop polling; False where there is none."""
        # In this order: where the store cannot be written now, the watch stays, and is polled.
        removed = await self._store.remove_watches([watch_id])
        for lane in self._lanes.values():
            lane.remove(watch_id)
        return bool(removed)

    async def reconcile(self, specs: Mapping[JobReference, WatchSpec]) -> Reconciled:
        """Make the watches of origin `file` those of the file: amend, remove what the file no longer has, and add.

        Nothing is written of a watch that is as the file has it. Where the store fails in between, it can be begun
        again.
        """
        done = Reconciled()
        unknown = dict(specs)
        async for batch in self._store.load_watches(None, None, Origin.FILE):
            for part in _pages(batch):
                found = [(watch, unknown.pop(watch.ref, None)) for watch in part]
                await self._amend([(watch, spec) for watch, spec in found if spec and _differs(watch, spec)], done)
                await self._remove_all([watch for watch, spec in found if spec is None], done)
                await anyio.lowlevel.checkpoint()  # very many of them must not hold up the loop
        for page in _pages(list(unknown.values())):
            added = await self.add(page)
            done.added += sum(is_new for _, is_new in added)
            # Those that were asked for through the API so far.
            others = [(watch, spec) for spec, (watch, is_new) in zip(page, added, strict=True) if not is_new]
            await self._amend([(watch, spec) for watch, spec in others if _differs(watch, spec)], done)
        return done

    async def _amend(self, changes: Sequence[tuple[Watch, WatchSpec]], done: Reconciled) -> None:
        for page in _pages(changes):
            amended = await self._store.amend_watches(page)
            done.amended += len(amended)
            for watch in amended:
                if watch.source in self._lanes:
                    self._lanes[watch.source].amend(watch)

    async def _remove_all(self, watches: Sequence[Watch], done: Reconciled) -> None:
        for page in _pages(watches):
            done.removed += len(await self._store.remove_watches([watch.id for watch in page]))
            done.gone += [watch.ref.key for watch in page][: NAMED - len(done.gone)]
            for watch in page:
                if watch.source in self._lanes:
                    self._lanes[watch.source].remove(watch.id)

    async def place(self, lane: Lane) -> None:
        """Put a lane in its place; it takes over what a lane of the same name, halted, has held."""
        before = self._lanes.get(lane.source.name)
        self._lanes[lane.source.name] = lane
        for page in _pages(() if before is None else before.watches()):
            lane.add(page, spread=True)
            await anyio.lowlevel.checkpoint()  # a million of them must not hold up the loop

    async def load(self, sources: Collection[str], ended_after: datetime) -> None:
        """Give the lanes of these sources what the store holds that has not ended, or ended after that."""
        # They are in their places before: what is added meanwhile is told to them.
        async for batch in self._store.load_watches(None, ended_after):
            for page in _pages(batch):
                found: defaultdict[str, list[Watch]] = defaultdict(list)
                for watch in page:
                    found[watch.source].append(watch)
                for name in found.keys() & sources:
                    self._lanes[name].add(found[name], spread=True)
                await anyio.lowlevel.checkpoint()

    def start(self, name: str, tasks: TaskGroup) -> None:
        """Poll the watches of a source from now on, in `tasks`."""
        tasks.start_soon(self._lanes[name].run, name=f"lane {name}")

    async def halt(self, name: str) -> None:
        """Stop polling a source; its lane stays in place, so that it is told what is added and removed meanwhile."""
        lane = self._lanes[name]
        await lane.stop()
        await lane.source.close()

    async def close(self, name: str) -> None:
        """Stop polling a source; its watches stay in the store."""
        await self.halt(name)
        del self._lanes[name]

    def _is_polled(self, watch: Watch) -> bool:
        lane = self._lanes.get(watch.ref.source)
        return lane is not None and watch.id in lane

    def _poll(self, watches: Sequence[Watch]) -> None:
        for watch in watches:
            if watch.source in self._lanes:
                self._lanes[watch.source].add([watch])


def _differs(watch: Watch, spec: WatchSpec) -> bool:
    return watch.labels != spec.labels or watch.policy != spec.policy or watch.origin is not spec.origin


def _pages(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), PAGE):
        yield items[start : start + PAGE]
