"""The load server as a process of this run, and its administration."""

import os
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

import httpx

from bench.machine import ROOT


def environment() -> dict[str, str]:
    """Return the environment in which `python -m bench…` finds this package."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "tests")}


class LoadServer:
    """Serves on `core` for as long as its context lasts."""

    def __init__(self, core: int) -> None:
        command = [sys.executable, "-m", "bench.server", "--core", str(core)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
        stdout = self._process.stdout
        self.base_url = f"http://127.0.0.1:{stdout.readline().strip()}" if stdout else ""

    def __enter__(self) -> Self:
        """Nothing is left to do: the constructor waits until it serves."""
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()

    def begin(self, **script: float) -> float:
        """Begin a script (see `server.script.Script`); returns when it began, in monotonic seconds."""
        return float(self._ask("script", script)["start_s"])

    def counts(self) -> dict[str, int]:
        """Return how many requests came since the script began, by kind, and the open connections."""
        return self._ask("counts", {})

    def receipts(self, from_s: float, to_s: float) -> dict[str, Any]:
        """Return what became of the webhooks in that part of the script."""
        return self._ask("receipts", {"from": from_s, "to": to_s})

    def _ask(self, what: str, values: dict[str, float]) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.base_url}/admin/{what}", params=values, timeout=60).json()
        return answer
