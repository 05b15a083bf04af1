"""How a command ends when it cannot go on: a sentence for a person, and the right exit status."""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import click

from jobwatchd.errors import ConfigError, JobwatchError

FAILED = 1
MISCONFIGURED = 2


@contextmanager
def exit_on_failure() -> Iterator[None]:
    """End the process with status 2 for a `ConfigError`, 1 for another of our errors; the unforeseen ones pass."""
    try:
        yield
    except (JobwatchError, BaseExceptionGroup) as exc:
        errors = list(failures(exc))
        if not all(isinstance(error, JobwatchError) for error in errors):
            raise
        for line in "\n".join(str(error) for error in errors).splitlines():
            click.echo(f"jobwatchd: {line}", err=True)
        sys.exit(exit_status(errors))


def exit_status(errors: Collection[BaseException]) -> int:
    """Return the status that tells what kind of errors ended a command."""
    return MISCONFIGURED if all(isinstance(error, ConfigError) for error in errors) else FAILED


def failures(error: BaseException) -> Iterator[BaseException]:
    """Yield what was raised, one by one where it was raised as a group."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from failures(inner)
    else:
        yield error
