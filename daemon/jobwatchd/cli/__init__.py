"""The command line.

- `run`: the daemon, with its log from the first moment to the last, and `check-config`
- `wait`: jobs until they end, without a daemon; `progress` shows how they fare, `diagnosis` what is wrong
- `watch`, `events`, `sinks` (with `dead-letters`): clients of a running daemon's API, by `connection` and `api_client`
- `health`: whether a running daemon is ready
- `probe`: a job API, asked once · `descriptions`: `check-source`, `presets`, `config-schema`
- `man_page`: the manual page, made of the help of all these
- `options`: arguments and options that several of them take · `table`: rows for people
- `execution`: a command from its arguments to its exit status, or why it cannot go on · `status`: these statuses
- `output`: what becomes of a command that nobody reads
- `demo`: everything together, on simulated APIs
"""

import gc
from collections.abc import Mapping
from importlib import import_module

import click

COMMANDS: Mapping[str, str] = {
    "run": "jobwatchd.cli.run:run",
    "check-config": "jobwatchd.cli.run:check_config",
    "config-schema": "jobwatchd.cli.descriptions:print_config_schema",
    "wait": "jobwatchd.cli.wait:wait",
    "watch": "jobwatchd.cli.watch:watch",
    "events": "jobwatchd.cli.events:events",
    "dead-letters": "jobwatchd.cli.sinks:dead_letters",
    "sinks": "jobwatchd.cli.sinks:sinks",
    "health": "jobwatchd.cli.health:health",
    "probe": "jobwatchd.cli.probe:probe",
    "check-source": "jobwatchd.cli.descriptions:check_source",
    "presets": "jobwatchd.cli.descriptions:presets",
    "man-page": "jobwatchd.cli.man_page:man_page",
    "demo": "jobwatchd.cli.demo.performance:demo",
}


class _LazyGroup(click.Group):
    """Imports a command when it is asked for: a health check, run every few seconds, must not load the daemon."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        gc.disable()  # nothing that is imported is garbage, and looking for some takes a tenth of the time
        try:
            command: click.Command = getattr(import_module(module), name)
        finally:
            gc.enable()
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="jobwatchd", message="%(prog)s %(version)s")
def cli() -> None:
    """Watch jobs on remote systems, and tell webhooks, logs and metrics when they move."""
