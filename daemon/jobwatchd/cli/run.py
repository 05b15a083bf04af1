"""The daemon itself and its log, from the first moment to the last; and the check of its configuration."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import anyio
import click

from jobwatchd.cli.execution import exit_on_failure, exit_status, failures
from jobwatchd.cli.options import config_option, no_argument
from jobwatchd.cli.output import STDERR, spare_output
from jobwatchd.cli.status import ExitStatus
from jobwatchd.errors import JobwatchError
from jobwatchd.logs import LoggerFactory, QueuedOutput, configure_logging, configured_logging
from jobwatchd.logs.loggers import logged_streams
from jobwatchd.redaction import SECRETS
from jobwatchd.settings import effective, load_settings, peek_log_settings
from jobwatchd.settings.server import LogSettings
from jobwatchd.signals import SIGNALS
from jobwatchd.wiring.daemon import build_daemon, check_buildable

# How long the end may wait for whoever reads the log; what is not written by then is lost.
FLUSH_S = 1.0


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


@contextmanager
def last_words(peek: Callable[[], LogSettings], env: Mapping[str, str] = os.environ) -> Iterator[QueuedOutput]:
    """Yield the output of the daemon's log; what is raised within is its last line, and decides the exit status.

    `peek` returns what the configuration says of the log, for a failure that comes before logging is configured by it.
    """
    output = QueuedOutput(STDERR)
    first = configure_logging(LogSettings().line_format(), output, SECRETS, env)
    with logged_streams(first.logger("python")):
        try:
            yield output
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # noqa: BLE001 - whatever it is, it is told
            loggers = configured_logging()
            if loggers is None or loggers is first:
                loggers = configure_logging(peek().line_format(), output, SECRETS, env)
            sys.exit(_tell(exc, loggers))
        finally:
            output.flush(FLUSH_S)


def _tell(exc: BaseException, loggers: LoggerFactory) -> ExitStatus:
    """Log what ended the daemon, a line for each problem; returns the exit status."""
    logger = loggers.logger("jobwatchd")
    errors = list(failures(exc))
    if not all(isinstance(error, JobwatchError) for error in errors):
        logger.critical("daemon.failed", message=f"unforeseen: {SECRETS.redact_foreign(repr(exc))}", exc_info=exc)
        return ExitStatus.SOFTWARE
    for line in "\n".join(str(error) for error in errors).splitlines():
        if loggers.style == "console" and loggers.output.is_terminal:
            loggers.output.write(f"jobwatchd: {line}")  # as every other command says it
        else:
            logger.critical("daemon.failed", message=line)
    return exit_status(errors)
