"""Commands, run beside the server that they ask."""

from pathlib import Path

import anyio.to_thread
from click import Command
from click.testing import CliRunner, Result

from integration.web.daemon import TOKEN, Daemon


class Shell:
    """Runs a command with a daemon's address and token."""

    def __init__(self, command: Command, daemon: Daemon, folder: Path) -> None:
        self._command = command
        token_file = folder / "token"
        token_file.write_text(f"{TOKEN}\n")
        self._environment = {"JOBWATCHD_URL": daemon.url, "JOBWATCHD_TOKEN_FILE": str(token_file)}

    async def __call__(self, *arguments: str, **changes: str) -> Result:
        """Run it to its end, with changes to its environment."""
        runner = CliRunner(env=self._environment | changes)
        return await anyio.to_thread.run_sync(runner.invoke, self._command, arguments)
