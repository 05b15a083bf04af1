"""A command from its arguments to its exit status, whatever happens on the way."""

import io
import os
import sys
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import click

from jobwatchd.cli import cli
from jobwatchd.cli.output import OutputClosed, OutputFailed, guard_stdout, tell
from jobwatchd.cli.status import ExitStatus
from jobwatchd.model.notation import shown

NAME = "jobwatchd"
COMPLETION = "_JOBWATCHD_COMPLETE"


def execute(arguments: Sequence[str]) -> int:
    """Run a command and return its exit status; raises nothing."""
    try:
        guard_stdout()
        status = _run(arguments)
        sys.stdout.flush()
    except BaseException as exc:  # noqa: BLE001 - each has a status, and the interpreter's would be 1
        return _status_of(exc)
    return status


@contextmanager
def exit_on_failure(otherwise: ExitStatus = ExitStatus.FAILED) -> Iterator[None]:
    """End the process with status 2 for a `ConfigError`, `otherwise` for another of our errors; others pass."""
    from jobwatchd.errors import JobwatchError  # noqa: PLC0415 - a health check should not load what it never needs

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
    from jobwatchd.errors import ConfigError  # noqa: PLC0415 - as above

    return ExitStatus.USAGE if all(isinstance(error, ConfigError) for error in errors) else otherwise


def failures(error: BaseException) -> Iterator[BaseException]:
    """Yield what was raised, one by one where it was raised as a group."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from failures(inner)
    else:
        yield error


def _run(arguments: Sequence[str]) -> int:
    if COMPLETION in os.environ:
        cli.main(list(arguments), NAME)
    try:
        _check_text(arguments)
        # Not by click's `main`, which makes 1 of every broken pipe.
        with cli.make_context(NAME, list(arguments)) as context:
            cli.invoke(context)
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except click.ClickException as exc:
        told = io.StringIO()
        exc.show(told)
        tell(told.getvalue())
        return exc.exit_code
    return ExitStatus.OK


def _check_text(arguments: Sequence[str]) -> None:
    """Refuse what is not UTF-8, save the names of files that are there: nothing else here takes bytes."""
    for number, argument in enumerate(arguments, start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            if not os.path.exists(argument):  # noqa: PTH110 - pathlib would do the same
                text = argument.encode(errors="surrogateescape").decode(errors="backslashreplace")
                raise click.UsageError(f"Argument {number}, {shown(text)}, is not UTF-8; write it as UTF-8.") from None


def _status_of(exc: BaseException) -> int:
    causes = list(failures(exc))
    reason = next((cause for cause in causes if isinstance(cause, OutputFailed)), None)
    if reason is not None:
        tell(f"{NAME}: standard output cannot be written: {reason}.")
        return ExitStatus.IO_ERROR
    if all(isinstance(cause, OutputClosed) for cause in causes):
        return ExitStatus.OK
    if isinstance(exc, SystemExit) and (exc.code is None or isinstance(exc.code, int)):
        return exc.code or ExitStatus.OK
    if isinstance(exc, KeyboardInterrupt):
        return ExitStatus.INTERRUPTED
    tell("".join(traceback.format_exception(exc)))
    tell(f"{NAME}: something unforeseen went wrong, which is a fault of {NAME} itself; the lines above tell where.")
    return ExitStatus.SOFTWARE
