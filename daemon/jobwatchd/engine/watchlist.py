"""The watches of the running daemon: in the store, and each in its source's lane."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import anyio.lowlevel
from anyio.abc import TaskGroup
from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.lane import Lane
from jobwatchd.errors import StaleWatch
from jobwatchd.model.job import JobReference
from jobwatchd.model.query import WatchQuery
from jobwatchd.model.watch import Origin, Policy, Watch, WatchSpec
from jobwatchd.ports import Clock, Store

PAGE = 1_000
NameJob = Callable[[str, Mapping[str, str], Policy], JobReference]


class Watchlist:
    """Adds, removes and reconciles watches while lanes poll; implements `ports.Watchlist`.

    `name_job` makes a reference of a source's name, named parameters and the policy wanted; it raises `Misfit`.
    """

    def __init__(self, store: Store, clock: Clock, logger: FilteringBoundLogger, name_job: NameJob) -> None:
        self.name_job = name_job
        self._store = store
        self._clock = clock
        self._logger = logger
        self._lanes: dict[str, Lane] = {}

    @property
    def lanes(self) -> Mapping[str, Lane]:
        """The lanes that are open, by the names of their sources."""
        return self._lanes

    def reference(self, source: str, job: Mapping[str, str], policy: Policy) -> JobReference:
        """Return the reference for named job parameters, to be watched like that; raises `Misfit`."""
        return self.name_job(source, job, policy)

    async def add(self, specs: Sequence[WatchSpec]) -> Sequence[tuple[Watch, bool]]:
        """Store watches and start to poll the new ones at once."""
        added = await self._store.add_watches(specs, self._clock.now())
        self._poll([watch for watch, is_new in added if is_new])
        return added

    async def remove(self, watch_id: int) -> bool:
        """Stop polling and remove a watch; False where there is none."""
        for lane in self._lanes.values():
            lane.remove(watch_id)
        return bool(await self._store.remove_watches([watch_id]))

    async def reconcile(self, specs: Sequence[WatchSpec]) -> None:
        """Make the watches of origin `file` those of the file: add, amend, and remove what the file no longer has."""
        wanted = {spec.ref for spec in specs}
        for start in range(0, len(specs), PAGE):
            page = specs[start : start + PAGE]
            for spec, (watch, is_new) in zip(page, await self.add(page), strict=True):
                if not is_new and _differs(watch, spec):
                    await self._amend(watch, spec)
        await self._remove_all_but(wanted)

    async def _remove_all_but(self, wanted: Collection[JobReference]) -> None:
        query = WatchQuery(limit=PAGE, origin=Origin.FILE)
        while records := await self._store.list_watches(query):
            query = replace(query, after=records[-1].watch.id)
            for watch in (record.watch for record in records if record.watch.ref not in wanted):
                await self.remove(watch.id)
                self._logger.info("watch.removed", job=watch.ref.key, why="no longer in the configuration")

    async def open(self, lane: Lane, watches: Sequence[Watch], tasks: TaskGroup) -> None:
        """Poll these watches in a lane, in `tasks`; it takes over what a lane of the same name, halted, has held."""
        name = lane.source.name
        if name in self._lanes:
            watches = self._lanes[name].watches()
        self._lanes[name] = lane
        for start in range(0, len(watches), PAGE):
            lane.add(watches[start : start + PAGE], spread=True)
            await anyio.lowlevel.checkpoint()  # a million of them must not hold up the loop
        tasks.start_soon(lane.run, name=f"lane {name}")

    async def halt(self, name: str) -> None:
        """Stop polling a source; its lane stays in place, so that it is told what is added and removed meanwhile."""
        lane = self._lanes[name]
        await lane.stop()
        await lane.source.close()

    async def close(self, name: str) -> None:
        """Stop polling a source; its watches stay in the store."""
        await self.halt(name)
        del self._lanes[name]

    async def _amend(self, watch: Watch, spec: WatchSpec) -> None:
        while True:
            try:
                amended = await self._store.amend_watch(watch, spec)
            except StaleWatch:
                # A poll was quicker; what it wrote stays, and the amendment goes on top.
                record = await self._store.get_watch(watch.id)
                if record is None:
                    return
                watch = record.watch
            else:
                self._poll([amended])
                return

    def _poll(self, watches: Sequence[Watch]) -> None:
        for watch in watches:
            lane = self._lanes.get(watch.ref.source)
            if lane is not None:
                lane.add([watch])


def _differs(watch: Watch, spec: WatchSpec) -> bool:
    return watch.labels != spec.labels or watch.policy != spec.policy or watch.origin is not spec.origin
