"""What is done while the store cannot be used: calls are made again until they succeed, and everybody is told."""

from collections.abc import Awaitable, Callable
from functools import partial
from math import inf
from typing import ParamSpec, TypeVar

import anyio

from jobwatchd.engine.runtime import Runtime
from jobwatchd.errors import StoreUnavailable
from jobwatchd.model.cadence import Backoff
from jobwatchd.ports import STORE_PATIENCE_S

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
