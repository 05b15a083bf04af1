"""The daemon's log from the first moment to the last, and how it says what ended it."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from jobwatchd.cli.failure import exit_status, failures
from jobwatchd.cli.status import ExitStatus
from jobwatchd.errors import JobwatchError
from jobwatchd.logs import LoggerFactory, QueuedOutput, configure_logging, configured_logging
from jobwatchd.logs.loggers import logged_streams
from jobwatchd.redaction import SECRETS
from jobwatchd.settings.server import LogSettings

STDERR = 2
# How long the end may wait for whoever reads the log; what is not written by then is lost.
FLUSH_S = 1.0


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
