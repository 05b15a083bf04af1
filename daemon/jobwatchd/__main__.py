"""`python -m jobwatchd`, and the console script."""

import os
import sys
from contextlib import suppress

from jobwatchd.cli import cli


def main() -> None:
    """Run the command line."""
    try:
        cli(prog_name="jobwatchd")
    except SystemExit as exc:
        if "pyreqwest" in sys.modules and isinstance(exc.code, int):
            _leave(exc.code)
        raise


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
