"""The life of the process: everything is started in order, and ended in the opposite one.

One task group holds every loop. A loop that dies ends the process with a non-zero status, so that systemd or
Kubernetes starts it anew; nothing here catches what a loop raises.
"""

import gc
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import anyio
from anyio.abc import TaskGroup
from fastapi import FastAPI

from jobwatchd.app.parts import Parts
from jobwatchd.app.reload import Change, plan
from jobwatchd.app.service import Service
from jobwatchd.engine.commits import Commits
from jobwatchd.engine.fanout import Fanout
from jobwatchd.engine.housekeeping import Housekeeping, Retention
from jobwatchd.engine.lane import Lane
from jobwatchd.engine.records import Records
from jobwatchd.engine.vitals import Vitals
from jobwatchd.engine.watchlist import Watchlist
from jobwatchd.errors import ConfigError
from jobwatchd.model.watch import Watch
from jobwatchd.ports import Source
from jobwatchd.sd_notify import Notifier
from jobwatchd.settings import Settings
from jobwatchd.web.application import build_app
from jobwatchd.web.server import address_of, bind, serve

# Short beside any poll interval: how much later a change is committed, so that others go with it.
STEPS_GATHER_S = 0.02
# What a crash may cost: events of so long are sent again.
RECORDS_GATHER_S = 0.05


class Daemon:
    """Runs until told to stop; see `run`."""

    def __init__(self, parts: Parts, notifier: Notifier) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._notifier = notifier
        self._logger = parts.logger
        store, clock, chance, telemetry = parts.store, parts.clock, parts.chance, parts.telemetry
        self._vitals = Vitals(clock, telemetry)
        self._records = Records(store, clock=clock, vitals=self._vitals, gather_s=RECORDS_GATHER_S)
        self._fanout = Fanout(
            store=store,
            records=self._records,
            vitals=self._vitals,
            clock=clock,
            chance=chance,
            telemetry=telemetry,
            logger=self._logger,
        )
        self._commits = Commits(
            store, self._fanout.route, self._fanout.told, clock=clock, vitals=self._vitals, gather_s=STEPS_GATHER_S
        )
        self._watchlist = Watchlist(store, clock, self._logger, parts.settings.reference)
        self._housekeeping = Housekeeping(
            _retention(self._settings),
            store=store,
            fanout=self._fanout,
            vitals=self._vitals,
            clock=clock,
            telemetry=telemetry,
            logger=self._logger,
        )
        self._service = Service(notifier, self._vitals, clock, self._logger)

    async def run(self) -> None:
        """Watch and tell until SIGTERM or SIGINT; SIGHUP reads the configuration again.

        Raises `ConfigError` or `StoreUnavailable` where it cannot start, and in a group whatever ends a loop.
        """
        nothing = self._settings.model_copy(update={"sources": {}, "sinks": {}})
        everything = plan(nothing, self._settings, self._parts.builder)
        async with AsyncExitStack() as stack:
            sockets = bind(self._settings.server.listen, local_only=not self._settings.server.tokens)
            for sock in sockets:
                stack.callback(sock.close)
            await self._parts.store.open()
            stack.push_async_callback(_shielded, self._parts.store.close)
            async with anyio.create_task_group() as tasks:
                with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
                    await self._start(everything, sockets, tasks)
                    await self._obey(signals, tasks)
                tasks.cancel_scope.cancel()
        self._logger.info("daemon.stopped")

    async def _start(self, everything: Change, sockets: Sequence[socket.socket], tasks: TaskGroup) -> None:
        # What is loaded stays: the collector need not walk a million watches, neither while they come in nor later.
        gc.disable()
        tasks.start_soon(self._commits.run)
        tasks.start_soon(self._records.run)
        await self._fanout.open(list(everything.outlets.values()), tasks)
        await self._watchlist.reconcile(self._settings.watch_specs())
        await self._open_lanes(everything.sources, tasks)
        gc.freeze()
        gc.enable()
        tasks.start_soon(self._housekeeping.run)
        tasks.start_soon(self._parts.rotation.run)
        await tasks.start(serve, self._build_web(), sockets)
        self._vitals.set_ready(True)
        tasks.start_soon(self._service.run, lambda: f"watching {self._watched()} jobs")
        self._notifier.ready()
        self._logger.info(
            "daemon.ready",
            version=self._parts.version,
            listen=[address_of(sock) for sock in sockets],
            sources=sorted(self._settings.sources),
            sinks=sorted(self._settings.sinks),
            watches=self._watched(),
        )
        if not self._settings.server.tokens:
            self._logger.info("api.open", why="no server.tokens_file: anybody on this machine may use the API")

    async def _obey(self, signals: AsyncIterator[signal.Signals], tasks: TaskGroup) -> None:
        async for signum in signals:
            if signum == signal.SIGHUP:
                await self._reload(tasks)
                continue
            self._logger.info("daemon.stopping", signal=signum.name)
            self._vitals.set_ready(False)
            self._notifier.stopping()
            async with anyio.create_task_group() as stopping:
                stopping.start_soon(self._wind_down, stopping.cancel_scope)
                async for again in signals:
                    if again != signal.SIGHUP:
                        stopping.cancel_scope.cancel()  # asked a second time: at once
            return

    async def _wind_down(self, waiting: anyio.CancelScope) -> None:
        """End polls, then deliveries, then close the sinks; what is not done in time stays in the store."""
        with anyio.move_on_after(self._settings.shutdown.drain) as drain:
            async with anyio.create_task_group() as stopping:
                for name in list(self._watchlist.lanes):
                    stopping.start_soon(self._watchlist.close, name)
            await self._fanout.drain()
            await self._fanout.close(self._fanout.names)
        if drain.cancelled_caught:
            self._logger.warning("daemon.drain_cut_short", after_s=self._settings.shutdown.drain)
        await self._records.flush()
        waiting.cancel()

    async def _reload(self, tasks: TaskGroup) -> None:
        self._notifier.reloading()
        try:
            new = await anyio.to_thread.run_sync(self._parts.load)
            self._parts.redactor.add(new.secrets())
            change = plan(self._settings, new, self._parts.builder)
        except ConfigError as error:
            for problem in error.problems:
                self._logger.error("reload.refused", problem=problem)  # noqa: TRY400 - the problem says it all
        else:
            await self._apply(new, change, tasks)
        self._notifier.ready()

    async def _apply(self, new: Settings, change: Change, tasks: TaskGroup) -> None:
        self._settings = new
        await self._parts.rotation.refresh()
        self._housekeeping.retention = _retention(new)
        self._watchlist.name_job = new.reference
        await self._fanout.open(list(change.outlets.values()), tasks)
        await self._fanout.close(change.closed_sinks)
        for name in change.closed_sources:
            await self._watchlist.close(name)
        for name in change.retuned:
            lane = self._watchlist.lanes[name]
            lane.configure(self._parts.builder.limits(name, new), new.sources[name].poll.cadence())
        await self._watchlist.reconcile(new.watch_specs())
        await self._open_lanes(change.sources, tasks)
        for path in change.waiting:
            self._logger.warning("reload.needs_restart", setting=path)
        self._logger.info("reload.done", sources=sorted(new.sources), sinks=sorted(new.sinks))

    async def _open_lanes(self, sources: Mapping[str, Source], tasks: TaskGroup) -> None:
        """Open a lane for each source, with its watches: those of the lane it replaces, else those in the store."""
        clock, store = self._parts.clock, self._parts.store
        watches: dict[str, list[Watch]] = {name: [] for name in sources}
        if set(sources) - set(self._watchlist.lanes):
            linger_s = max(source.poll.linger for source in self._settings.sources.values())
            async for batch in store.load_watches(None, clock.now() - timedelta(seconds=linger_s)):
                for watch in batch:
                    if watch.ref.source in watches:
                        watches[watch.ref.source].append(watch)
        for name, source in sources.items():
            if name in self._watchlist.lanes:
                await self._watchlist.halt(name)  # before the source's standing is loaded, which it may still change
            lane = Lane(
                source,
                self._parts.builder.limits(name, self._settings),
                self._settings.sources[name].poll.cadence(),
                await store.load_source(name, clock.now()),
                store=store,
                commits=self._commits,
                vitals=self._vitals,
                clock=clock,
                chance=self._parts.chance,
                telemetry=self._parts.telemetry,
                logger=self._logger,
            )
            await self._watchlist.open(lane, watches[name], tasks)

    def _watched(self) -> int:
        return sum(len(lane) for lane in self._watchlist.lanes.values())

    def _build_web(self) -> FastAPI:
        return build_app(
            store=self._parts.store,
            watchlist=self._watchlist,
            vitals=self._vitals,
            registry=self._parts.registry,
            tokens=lambda: self._parts.builder.tokens(self._settings),
            clock=self._parts.clock,
            version=self._parts.version,
        )


def _retention(settings: Settings) -> Retention:
    return Retention(finished_s=settings.store.keep_finished, events_s=settings.store.keep_events)


async def _shielded(close: Callable[[], Awaitable[None]]) -> None:
    with anyio.CancelScope(shield=True):
        await close()
