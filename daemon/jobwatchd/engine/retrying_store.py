"""The store as the engine uses it: a database that is busy, or whose disk is full, is waited out, and all are told.

A call that fails so is made again, whole, further and further apart, up to about once a second; every call of the port
may be. What that holds up is bounded elsewhere: `commits` and `delivery` say how much they keep in memory.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from math import inf
from typing import Any, ParamSpec, TypeVar

import anyio

from jobwatchd.engine.runtime import Runtime
from jobwatchd.errors import StoreUnavailable
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Committed
from jobwatchd.model.health import HealthStep
from jobwatchd.model.transition import Step
from jobwatchd.model.watch import Origin, Watch
from jobwatchd.ports import STORE_PATIENCE_S, Clock, Route, Store

P = ParamSpec("P")
T = TypeVar("T")

# Soon enough that nobody notices how long the end of an outage takes to be noticed.
RETRIES = Backoff(first_s=0.1, factor=2.0, longest_s=1.0)


class StoreOutage:
    """Lasts for as long as any call waits for the store.

    It is logged at its beginning and at its end, shown in `jobwatchd_store_up`, and told to `heartbeats`, which takes
    nobody who waits for hanging. A call whose patience has an end (`ports.STORE_PATIENCE_S`) is no outage, but the
    trouble of whoever made it.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._heartbeats = runtime.heartbeats
        self._clock = runtime.clock
        self._jitter = runtime.jitter
        self._logger = runtime.logger
        self._observer = runtime.observer
        self._waiting = 0
        self._since_s = 0.0

    async def retry(self, call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a call of the store returns, made again for as long as patience lasts.

        Raises `StoreUnavailable` only where that has an end, and anything else that the call raises.
        """
        made = partial(call, *args, **kwargs)
        patience_s = STORE_PATIENCE_S.get()
        return await (self._wait_out(made) if patience_s == inf else self._try_for(patience_s, made))

    async def _wait_out(self, call: Callable[[], Awaitable[T]]) -> T:
        failures = 0
        is_done = False
        try:
            while True:
                try:
                    result = await call()
                except StoreUnavailable as error:
                    failures += 1
                    self._failed(error, is_first=failures == 1)
                else:
                    is_done = True
                    return result
                await self._clock.sleep(RETRIES.delay_s(failures, self._jitter()))
        finally:
            if failures:
                self._left(is_done=is_done)

    async def _try_for(self, patience_s: float, call: Callable[[], Awaitable[T]]) -> T:
        error = StoreUnavailable(f"the store did not answer within {patience_s:g} s")
        failures = 0
        with anyio.move_on_after(patience_s):
            while True:
                try:
                    return await call()
                except StoreUnavailable as exc:
                    error = exc
                    failures += 1
                    self._observer.store_failed(exc)
                await self._clock.sleep(RETRIES.delay_s(failures, self._jitter()))
        raise error

    def _failed(self, error: StoreUnavailable, *, is_first: bool) -> None:
        self._observer.store_failed(error)
        if not self._waiting:
            self._since_s = self._clock.monotonic()
            self._observer.store_answers(is_up=False)
            self._logger.error("store.unavailable", reason=error.reason, error=str(error))
        self._waiting += is_first
        self._heartbeats.set_outage("store", str(error))

    def _left(self, *, is_done: bool) -> None:
        """Note that a call waits no more: it was answered, given up, or met what no waiting helps against."""
        self._waiting -= 1
        if self._waiting:
            return
        self._observer.store_answers(is_up=True)
        self._heartbeats.set_outage("store", None)
        if is_done:
            self._logger.info("store.available", after_s=round(self._clock.monotonic() - self._since_s, 1))


class RetryingStore:
    """Implements `ports.Store` on another one, whose every call it makes again, until patience has an end.

    Only `close` is not, and two calls say more than they are asked again: see there.
    """

    def __init__(self, store: Store, outage: StoreOutage, clock: Clock) -> None:
        self._store = store
        self._retry = outage.retry
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        """Return a call of the store that is made again while it fails for now."""
        return partial(self._retry, getattr(self._store, name))

    async def close(self) -> None:
        """Close; what was committed stays."""
        await self._store.close()

    async def load_watches(
        self, shards: Collection[int] | None, ended_after: datetime | None, origin: Origin | None = None
    ) -> AsyncIterator[Sequence[Watch]]:
        """Yield watches in batches, by id; goes on behind the last one where reading had to begin again."""
        batches = self._store.load_watches(shards, ended_after, origin)
        last = 0

        async def read() -> Sequence[Watch]:
            nonlocal batches
            try:
                async for batch in batches:
                    if batch[-1].id > last:
                        return batch if batch[0].id > last else [watch for watch in batch if watch.id > last]
            except StoreUnavailable:
                batches = self._store.load_watches(shards, ended_after, origin)
                raise
            return ()

        while batch := await self._retry(read):
            last = batch[-1].id
            yield batch

    async def commit(
        self, steps: Sequence[Step], health: Sequence[HealthStep], route: Route, now: datetime
    ) -> Committed:
        """Write steps, events and pending deliveries, all of them as of the moment when that succeeds."""

        async def write() -> Committed:
            # An event is as old as its commit: a receiver is tried for so long, and not for so much less.
            return await self._store.commit(steps, health, route, max(now, self._clock.now()))

        return await self._retry(write)
