"""The daemon itself, and the check of its configuration."""

import os
import sys
from functools import partial
from pathlib import Path

import anyio
import click

from jobwatchd.cli.configuration import config_option, no_argument
from jobwatchd.cli.failure import exit_on_failure
from jobwatchd.cli.last_words import last_words
from jobwatchd.cli.output import spare_output
from jobwatchd.settings import effective, load_settings, peek_log_settings
from jobwatchd.signals import SIGNALS
from jobwatchd.wiring.daemon import build_daemon, check_buildable


@click.command(
    epilog="""\b
Example:
  jobwatchd run -c jobwatchd.yaml

SIGHUP reads the configuration again; SIGTERM and SIGINT end the daemon within shutdown.drain, a second one at once.
Exit status: 0 ended as asked, 1 could not go on, 2 the configuration cannot be used, 70 something unforeseen went
wrong."""
)
@config_option
@no_argument
def run(config: Path | None) -> None:
    """Run the daemon until it is told to stop; logs go to stderr."""
    SIGNALS.hold()  # `main` did so already, where it was asked
    with last_words(partial(peek_log_settings, config, os.environ)) as output:
        daemon = build_daemon(partial(load_settings, config, dict(os.environ)), output)
        anyio.run(daemon.run, SIGNALS, backend_options={"use_uvloop": _has_uvloop()})


@click.command(
    "check-config",
    epilog="""\b
Example:
  jobwatchd check-config -c jobwatchd.yaml

Exit status: 0 it can be used, 2 it cannot; then every mistake is named, with its file, line and key.""",
)
@config_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing where it can be used.")
@no_argument
def check_config(config: Path | None, *, quiet: bool) -> None:
    """Check the configuration, and print what is in effect, with secrets masked."""
    with exit_on_failure():
        settings = load_settings(config, dict(os.environ))
        anyio.run(check_buildable, settings)
    if not quiet:
        with spare_output():
            click.echo(effective(settings), nl=False)


def _has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401, PLC0415 - whether it is there is the question
    except ImportError:
        return False
    return sys.platform != "win32"
