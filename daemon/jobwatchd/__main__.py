"""`python -m jobwatchd`, and the console script."""

import sys

from jobwatchd.signals import SIGNALS


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["run"]:
        SIGNALS.hold()
    try:
        # Imported here: a signal that comes meanwhile is heard.
        from jobwatchd.cli import cli  # noqa: PLC0415

        cli(prog_name="jobwatchd")
    except SystemExit as exc:
        if isinstance(exc.code, int):
            _leave(exc.code)
        raise


def _leave(status: int) -> None:
    """End the process without the interpreter's own end.

    That waits for every thread, also for one that waits for a database or a reader of its output. And a thread of
    pyreqwest 0.15 may still be giving a Python object back after its client was closed. Where it meets an interpreter
    that is ending, that aborts ("PyGILState_Release: thread state … must be current when releasing"), and the exit
    status is lost: one command in ten that polls once. All that is ours was closed before.
    """
    import os  # noqa: PLC0415
    from contextlib import suppress  # noqa: PLC0415

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whoever read it has gone
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
