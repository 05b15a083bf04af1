"""The demo's child processes: each in a session of its own, so that Ctrl-C reaches only the demo, which stops them."""

import contextlib
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import anyio
from anyio.abc import Process

from jobwatchd.errors import JobwatchError

STOP_S = 10.0
TAIL_LINES = 15


class ChildDied(JobwatchError):
    """A process that the demo needs ended by itself, or never got ready; the text ends with its last words."""


class Child:
    """A running process; its stderr, and its stdout unless that is piped, go to the file `log`."""

    def __init__(self, name: str, process: Process, log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log
        self._stopping = False

    async def watch(self) -> None:
        """Return once it was stopped; raises `ChildDied` when it ends by itself."""
        status = await self.process.wait()
        if not self._stopping:
            raise self.died(f"ended by itself, with status {status}")

    def died(self, how: str) -> ChildDied:
        """Return the error that says how it ended, with the tail of its log."""
        lines = self.log.read_text("utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        words = "\n".join(f"  {line}" for line in lines) or "  (nothing)"
        return ChildDied(f"{self.name} {how}. Its log ends with:\n{words}")

    async def stop(self) -> None:
        """Ask it to end, and make it after ten seconds; returns when it has."""
        self._stopping = True
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        with anyio.move_on_after(STOP_S):
            await self.process.wait()
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@contextlib.asynccontextmanager
async def running(
    name: str, argv: Sequence[str], env: Mapping[str, str], log: Path, *, piped: bool = False
) -> AsyncIterator[Child]:
    """Run a process inside the block; it has ended when the block is left, however that happens."""
    with anyio.CancelScope(shield=True), log.open("wb") as stderr:
        process = await anyio.open_process(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else stderr,
            stderr=stderr,
            env=env,
            cwd=log.parent,  # not the caller's folder, whose files could be taken for modules
            start_new_session=True,
        )
    child = Child(name, process, log)
    try:
        yield child
    finally:
        with anyio.CancelScope(shield=True):
            await child.stop()
            await process.aclose()
