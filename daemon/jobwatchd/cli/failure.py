"""How a command ends when it cannot go on: a sentence for a person, and the right exit status."""

import sys
from collections.abc import Iterator
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
        errors = list(_leaves(exc))
        if not all(isinstance(error, JobwatchError) for error in errors):
            raise
        lines = "\n".join(str(error) for error in errors).splitlines()
        tell("\n".join(f"jobwatchd: {line}" for line in lines))
        sys.exit(ExitStatus.USAGE if all(isinstance(error, ConfigError) for error in errors) else otherwise)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
