"""From arguments to an exit status, whatever happens on the way."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import pytest

from jobwatchd.cli import execution
from jobwatchd.cli.output import OutputClosed, OutputFailed, guard_stdout, spare_output
from jobwatchd.errors import StoreError


@pytest.fixture(autouse=True)
def _streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give standard output back as it was."""
    monkeypatch.setattr(sys, "stdout", sys.stdout)


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], int]:
    """Return what executes a command that raises something, and returns the status."""

    def execute(exc: BaseException) -> int:
        @click.command()
        def boom() -> None:
            raise exc

        monkeypatch.setattr(execution, "cli", click.Group(commands=[boom]))
        return execution.execute(["boom"])

    return execute


@pytest.mark.parametrize(
    ("exc", "status"),
    [
        (RuntimeError("x"), 70),
        (StoreError("x"), 70),
        (BrokenPipeError(), 70),
        (BaseExceptionGroup("", [ValueError(), OutputClosed()]), 70),
        (RecursionError(), 70),
        (SystemExit("x"), 70),
        (OutputFailed("x"), 74),
        (ExceptionGroup("", [OutputFailed("x")]), 74),
        (OutputClosed(), 0),
        (KeyboardInterrupt(), 130),
        (SystemExit(3), 3),
        (SystemExit(), 0),
        (click.UsageError("x"), 2),
    ],
)
def test_each_end_has_its_status(raising: Callable[[BaseException], int], exc: BaseException, status: int) -> None:
    """None that is unforeseen is taken for an answer, which are 0 to 4."""
    assert raising(exc) == status


def test_an_unforeseen_end_says_where(
    raising: Callable[[BaseException], int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its traceback, and whose fault it is."""
    raising(RuntimeError("x"))
    told = capsys.readouterr().err
    assert "RuntimeError: x" in told
    assert "a fault of jobwatchd itself" in told


@contextmanager
def _full_stdout() -> Iterator[None]:
    """Have descriptor 1 be a device that is full; within a test, since pytest has its own before and after."""
    before = os.dup(1)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, 1)
    os.close(full)
    try:
        guard_stdout()
        yield
    finally:
        os.dup2(before, 1)
        os.close(before)


def test_output_that_is_spared_is_lost_once_and_for_all(capsys: pytest.CaptureFixture[str]) -> None:
    """It is told on stderr, and what is written later raises nothing."""
    done = []
    with _full_stdout():
        for number in range(3):
            with spare_output():
                sys.stdout.write("x")
            done.append(number)
        sys.stdout.flush()
    assert done == [0, 1, 2]
    assert capsys.readouterr().err == "jobwatchd: standard output cannot be written: No space left on device.\n"


def test_output_that_was_asked_for_raises() -> None:
    """Whoever asked for a list shall not take a part for the whole."""
    with _full_stdout():
        sys.stdout.write("x")
        with pytest.raises(OutputFailed):
            sys.stdout.flush()
        with spare_output():
            pass
