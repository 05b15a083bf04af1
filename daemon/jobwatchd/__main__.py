"""`python -m jobwatchd`, and the console script."""

import os
import sys
from contextlib import suppress

from jobwatchd.cli import cli


def main() -> None:
    """Run the command line."""
    _open_standard_streams()
    try:
        cli(prog_name="jobwatchd")
    except SystemExit as exc:
        if "pyreqwest" in sys.modules and isinstance(exc.code, int):
            _leave(exc.code)
        raise


def _open_standard_streams() -> None:
    """See to it that descriptors 0, 1 and 2 are open: else the next file would be one, and be written into.

    A stream that the process was started without reads nothing, and what is written there is lost.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # The system gives the lowest number that is free, which is this one: those below are open.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - the value is the whole message
        if getattr(sys, name) is None:
            stream = open(number, "r" if number == 0 else "w", closefd=False)  # noqa: SIM115 - it stays open
            setattr(sys, name, stream)


def _leave(status: int) -> None:
    """End the process without the interpreter's own end.

    A thread of pyreqwest 0.15 may still be giving a Python object back after its client was closed. Where it meets an
    interpreter that is ending, that aborts ("PyGILState_Release: thread state … must be current when releasing"), and
    the exit status is lost: one command in ten that polls once. All that is ours was closed before.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whoever read it has gone
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
