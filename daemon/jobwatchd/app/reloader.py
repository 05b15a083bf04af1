"""Reading the configuration again when that is asked for."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from anyio.abc import TaskGroup
from anyio.to_thread import run_sync

from jobwatchd.app.configuration import Configuration, Specs, plan
from jobwatchd.app.dependencies import Dependencies
from jobwatchd.app.service import Orders, Service
from jobwatchd.errors import ConfigError
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import WatchSpec
from jobwatchd.settings import Settings

PAGE = 1_000
SWITCH_S = 0.001


class Reloader:
    """Reloads for as long as `run` runs, one after the other; cancelling it leaves what it was at undone."""

    def __init__(self, dependencies: Dependencies, configuration: Configuration, service: Service) -> None:
        self._dependencies = dependencies
        self._configuration = configuration
        self._service = service
        self._logger = dependencies.engine.runtime.logger

    async def run(self, orders: Orders, tasks: TaskGroup) -> NoReturn:
        """Reload whenever that is wanted; raises only what the store raises for good."""
        while True:
            await orders.reload()
            self._service.reloading()
            with giving_way():
                await self._reload(tasks)
            orders.attend(self._configuration.settings.shutdown.drain)
            self._service.ready()

    async def _reload(self, tasks: TaskGroup) -> None:
        configuration = self._configuration
        try:
            # Abandoned where the end is asked for: a large file takes seconds, and nothing comes of it then.
            new, specs = await run_sync(read, self._dependencies.load, abandon_on_cancel=True)
            self._dependencies.redactor.add(new.secrets())
            change = await plan(configuration.settings, new, self._dependencies.adapters)
        except ConfigError as error:
            configuration.refuse(error.problems)
            for problem in error.problems:
                self._logger.error("reload.refused", problem=problem)  # noqa: TRY400 - the problem says it all
            return
        done = await configuration.change(new, change, specs, tasks)
        for path in configuration.state.needs_restart:
            self._logger.warning("reload.needs_restart", setting=path)
        self._logger.info(
            "reload.done",
            sources=sorted(new.sources),
            sinks=sorted(new.sinks),
            watches_added=done.added,
            watches_amended=done.amended,
            watches_removed=done.removed,
            **({"removed": done.gone} if done.gone else {}),
        )


def read(load: Callable[[], Settings]) -> tuple[Settings, Specs]:
    """Return what `load` returns, and apart from it the watches, of which there may be very many."""
    with giving_way():
        settings = load()
        watches = list(reversed(settings.watches))
        settings = settings.model_copy(update={"watches": ()})
        specs: dict[JobReference, WatchSpec] = {}
        while watches:
            page = settings.model_copy(update={"watches": tuple(reversed(watches[-PAGE:]))})
            # Let go of piece by piece; all at once would hold up the event loop.
            del watches[-PAGE:]
            specs.update((spec.ref, spec) for spec in page.watch_specs())
    return settings, specs


@contextmanager
def giving_way() -> Iterator[None]:
    """Let the event loop go on beside much work in another thread.

    The collector of garbage stands still: it would look again and again at much that is made and let go of, none of it
    in circles, and nothing else runs meanwhile. And the interpreter goes from thread to thread more often: the loop
    gives it away at each request, and would wait for five milliseconds each time.
    """
    collects, interval_s = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval_s)
        if collects:
            gc.enable()
