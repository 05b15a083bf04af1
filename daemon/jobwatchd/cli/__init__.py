"""The command line.

- `run`: the daemon, and `check-config`
- `wait`: jobs until they end, without a daemon; its part is `progress`
- `watch`, `events`: clients of a running daemon's API; their parts are `api_client`, `connection`, `table`
- `demo`: everything together, on simulated APIs
"""

from importlib.metadata import version

import click

from jobwatchd.cli.demo.command import demo
from jobwatchd.cli.events import events
from jobwatchd.cli.run import check_config, run
from jobwatchd.cli.wait import wait
from jobwatchd.cli.watch import watch


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("jobwatchd"), message="%(prog)s %(version)s")
def cli() -> None:
    """Watch jobs on remote systems, and tell webhooks, logs and metrics when they move."""


for command in (run, check_config, wait, watch, events, demo):
    cli.add_command(command)
