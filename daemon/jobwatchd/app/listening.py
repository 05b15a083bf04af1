"""Waiting for the address to listen at, which may take a while: signals are obeyed meanwhile."""

import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio


@dataclass(slots=True)
class Listening:
    """What came of the wait: sockets, or a signal to stop; and whether a reload was asked for."""

    sockets: Sequence[socket.socket] = ()
    stopped_by: signal.Signals | None = None
    reload: bool = False


async def listen(
    bind: Callable[[], Awaitable[Sequence[socket.socket]]], signals: AsyncIterator[signal.Signals]
) -> Listening:
    """Return the sockets of `bind`, unless a signal to stop comes first; raises in a group what `bind` raises.

    What has come of `signals` and was not looked at yet is left to who looks next.
    """
    came = Listening()

    async def obey() -> None:
        async for signum in signals:
            if signum == signal.SIGHUP:
                came.reload = True
                continue
            came.stopped_by = signum
            waiting.cancel_scope.cancel()
            return

    async with anyio.create_task_group() as waiting:
        waiting.start_soon(obey)
        came.sockets = await bind()
        waiting.cancel_scope.cancel()
    return came
