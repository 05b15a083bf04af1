"""The life of the process: everything is started in order, and ended in the opposite one.

One task group holds every loop. A loop that dies ends the process with a non-zero status, so that systemd or
Kubernetes starts it anew; nothing here catches what a loop raises.
"""

import contextlib
import gc
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import anyio
from anyio.abc import TaskGroup
from fastapi import FastAPI

from jobwatchd.app.configuration import Change, Configuration, Specs, plan
from jobwatchd.app.dependencies import Dependencies
from jobwatchd.app.reloader import Reloader
from jobwatchd.app.service import Orders, Service
from jobwatchd.sd_notify import Notifier
from jobwatchd.signals import STOP_WITHIN_S, Signals
from jobwatchd.web.application import build_app
from jobwatchd.web.context import WebContext
from jobwatchd.web.listener import address_of, bind_within
from jobwatchd.web.server import serve_sockets

# For how long a stop waits at its end for what was delivered to be written; else it is delivered again.
LAST_WRITE_S = 3.0
# More than anything here needs; some systems allow a billion, for which a library might make room.
ENOUGH = 65_536


class Daemon:
    """Runs until told to stop; see `run`. `specs` are the watches of the file."""

    def __init__(self, dependencies: Dependencies, specs: Specs, notifier: Notifier) -> None:
        self._dependencies = dependencies
        self._engine = dependencies.engine
        self._specs = specs
        self._clock = dependencies.engine.runtime.clock
        self._logger = dependencies.engine.runtime.logger
        self._heartbeats = dependencies.engine.runtime.heartbeats
        self._configuration = Configuration(dependencies)
        self._service = Service(dependencies.engine.runtime, notifier, self._status)
        self._reloader = Reloader(dependencies, self._configuration, self._service)

    async def run(self, signals: Signals) -> None:
        """Watch and tell until SIGTERM or SIGINT; SIGHUP reads the configuration again.

        Raises `ConfigError`, `AddressUnavailable` or, in a group, `StoreUnusable` where it cannot start, and in a group
        whatever ends a loop.
        """
        raise_open_files()
        settings = self._dependencies.settings
        nothing = settings.model_copy(update={"sources": {}, "sinks": {}})
        everything = await plan(nothing, settings, self._dependencies.adapters)
        async with AsyncExitStack() as stack:
            sockets = await bind_within(
                settings.server.listen, self._clock, self._logger, local_only=not settings.server.tokens
            )
            for sock in sockets:
                stack.callback(sock.close)
            stack.push_async_callback(_shielded, self._engine.store.close)
            stack.callback(signals.dismiss)
            async with anyio.create_task_group() as tasks:
                orders = Orders(signals)
                await self._start(everything, sockets, orders, tasks)
                await self._live(orders, tasks)
                tasks.cancel_scope.cancel()
        self._logger.info("daemon.stopped")

    async def _start(
        self, everything: Change, sockets: Sequence[socket.socket], orders: Orders, tasks: TaskGroup
    ) -> None:
        """Make everything ready, and only then begin: until there a signal to stop finds nothing begun."""
        tasks.start_soon(self._service.run)
        # First of all, so that a start that waits for the store can be told from one that hangs.
        await tasks.start(serve_sockets, self._build_web(), sockets)
        await self._engine.store.open()
        # What is loaded stays: the collector need not walk a million watches, neither while they come in nor later.
        gc.disable()
        self._engine.start(tasks)
        await self._configuration.prepare(everything, self._specs)
        self._specs = {}
        gc.freeze()
        gc.enable()
        orders.attend(self._configuration.settings.shutdown.drain)
        await self._configuration.begin(everything, tasks)
        tasks.start_soon(self._engine.housekeeping.run)
        tasks.start_soon(self._dependencies.rotation.run)
        self._heartbeats.set_ready(True)
        self._service.ready()
        settings = self._configuration.settings
        self._logger.info(
            "daemon.ready",
            version=self._dependencies.version,
            listen=[address_of(sock) for sock in sockets],
            sources=sorted(settings.sources),
            sinks=sorted(settings.sinks),
            watches=self._watched(),
        )
        if not settings.server.tokens:
            self._logger.info("api.open", why="no server.tokens_file: anybody on this machine may use the API")

    async def _live(self, orders: Orders, tasks: TaskGroup) -> None:
        """Reload when asked to, until asked to stop; then stop in order, or at once when asked again."""
        async with anyio.create_task_group() as reloading:
            reloading.start_soon(self._reloader.run, orders, tasks)
            number = await orders.stop()
            reloading.cancel_scope.cancel()  # the next start reads the configuration anyway
        self._logger.info("daemon.stopping", signal=signal.Signals(number).name)
        self._heartbeats.set_ready(False)
        self._dependencies.output.hurry()
        self._service.stopping(self._configuration.settings.shutdown.drain + STOP_WITHIN_S)
        async with anyio.create_task_group() as stopping:
            stopping.start_soon(self._wind_down, stopping.cancel_scope)
            await orders.stop(times=2)
            stopping.cancel_scope.cancel()

    async def _wind_down(self, waiting: anyio.CancelScope) -> None:
        """End polls, then deliveries, then close the sinks; what is not done in time stays in the store."""
        engine, drain_s = self._engine, self._configuration.settings.shutdown.drain
        with anyio.move_on_after(drain_s) as drain:
            async with anyio.create_task_group() as stopping:
                for name in list(engine.watchlist.lanes):
                    stopping.start_soon(engine.watchlist.close, name)
            await engine.dispatcher.drain()
            await engine.dispatcher.close(engine.dispatcher.names)
        if drain.cancelled_caught:
            self._logger.warning("daemon.drain_cut_short", after_s=drain_s)
        with anyio.move_on_after(LAST_WRITE_S):
            await engine.recorder.flush()
        waiting.cancel()

    def _status(self) -> str:
        trouble = self._configuration.state.summary()
        return f"watching {self._watched()} jobs" + (f"; {trouble}" if trouble else "")

    def _watched(self) -> int:
        return sum(len(lane) for lane in self._engine.watchlist.lanes.values())

    def _build_web(self) -> FastAPI:
        return build_app(
            WebContext(
                store=self._engine.store,
                watchlist=self._engine.watchlist,
                sinks=self._engine.dispatcher,
                heartbeats=self._heartbeats,
                registry=self._dependencies.telemetry.registry,
                logger=self._logger,
                tokens=lambda: self._dependencies.adapters.tokens(self._configuration.settings),
                configuration=lambda: self._configuration.state,
                clock=self._clock,
                version=self._dependencies.version,
            )
        )


async def _shielded(close: Callable[[], Awaitable[None]]) -> None:
    with anyio.CancelScope(shield=True):
        await close()


def raise_open_files() -> None:
    """Allow as many open files as the system lets us, where that is more than now: often 1024 until somebody asks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a sandbox may forbid it; then it is as it was
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
