"""How a command ends when it cannot go on: a sentence for a person, and the right exit status."""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from jobwatchd.cli.status import ExitStatus
from jobwatchd.cli.stderr import tell
from jobwatchd.errors import ConfigError, JobwatchError


@contextmanager
def exit_on_failure(otherwise: ExitStatus = ExitStatus.FAILED) -> Iterator[None]:
    """End the process with status 2 for a `ConfigError`, `otherwise` for another of our errors; others pass."""
    try:
        yield
    except (JobwatchError, BaseExceptionGroup) as exc:
        errors = list(failures(exc))
        if not all(isinstance(error, JobwatchError) for error in errors):
            raise
        lines = "\n".join(str(error) for error in errors).splitlines()
        tell("\n".join(f"jobwatchd: {line}" for line in lines))
        sys.exit(exit_status(errors, otherwise))


def exit_status(errors: Collection[BaseException], otherwise: ExitStatus = ExitStatus.FAILED) -> ExitStatus:
    """Return the status that tells what kind of errors of ours ended a command."""
    return ExitStatus.USAGE if all(isinstance(error, ConfigError) for error in errors) else otherwise


def failures(error: BaseException) -> Iterator[BaseException]:
    """Yield what was raised, one by one where it was raised as a group."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from failures(inner)
    else:
        yield error
