"""The commands that ask a simulated Explorer, as a script would run them."""

import os
import sys
from pathlib import Path
from subprocess import PIPE, CompletedProcess

import anyio
from anyio.abc import Process

from jobwatchd.simulator.roster import Roster


class Api:
    """A simulated Explorer with a job for each end, and a configuration that watches it."""

    def __init__(self, config: Path, roster: Roster) -> None:
        self.config = config
        self.roster = roster

    def edit(self, old: str, new: str) -> None:
        """Change the configuration."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    async def wait(self, *arguments: str | bytes, redirection: str = "") -> CompletedProcess[bytes]:
        """Run `jobwatchd wait` to its end."""
        return await self.run("wait", *arguments, redirection=redirection)

    async def run(self, *arguments: str | bytes, redirection: str = "", stdout: int = PIPE) -> CompletedProcess[bytes]:
        """Run a command with this configuration to its end; `redirection` is what a shell does to its descriptors."""
        command = self._command(*arguments)
        if redirection:
            command = ["sh", "-c", f'exec "$@" {redirection}', "sh", *command]
        return await anyio.run_process(command, check=False, stdout=stdout, env={"PATH": os.environ["PATH"]})

    async def start(self, *arguments: str) -> Process:
        """Start a command with this configuration."""
        return await anyio.open_process(self._command(*arguments), env={"PATH": os.environ["PATH"]})

    def _command(self, *arguments: str | bytes) -> list[str | bytes]:
        return [sys.executable, "-m", "jobwatchd", *arguments, "-c", str(self.config)]
