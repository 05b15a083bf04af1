"""`python -m jobwatchd`, and the console script.

Little is imported before a signal has its meaning and the standard streams are there.
"""

import os
import sys

from jobwatchd.signals import SIGNALS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

STDIN, STDOUT, STDERR = range(3)


def main() -> None:
    """Run the command line; ends the process."""
    is_daemon = sys.argv[1:2] == ["run"]
    if is_daemon:
        SIGNALS.hold()
    _open_streams()
    if not is_daemon:
        _end_at_signals()
    from jobwatchd.cli.execution import execute  # noqa: PLC0415 - a signal that comes meanwhile is heard

    # Without the interpreter's own end, which waits for every thread and writes what is left of the streams once more.
    # And a thread of pyreqwest 0.15 may still be giving a Python object back after its client was closed: where it
    # meets an interpreter that is ending, that aborts ("PyGILState_Release: thread state … must be current when
    # releasing"), and the exit status is lost. All that is ours was closed before.
    os._exit(execute(sys.argv[1:]))


def _open_streams() -> None:
    """Open the standard streams that were closed, so that nothing else gets their numbers, such as a socket.

    Standard output is opened for reading: who closed it shall learn that it cannot be written. Standard error, which
    is only for people, is the null device.
    """
    for number, mode in ((STDIN, os.O_RDONLY), (STDOUT, os.O_RDONLY), (STDERR, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest number that is free, and those below are not
    if sys.stdin is None:
        sys.stdin = open(STDIN, encoding="utf-8", closefd=False)  # noqa: SIM115 - as Python itself does
    if sys.stdout is None:
        sys.stdout = open(STDOUT, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(STDERR, "w", 1, "utf-8", "backslashreplace", closefd=False)  # noqa: SIM115


def _end_at_signals() -> None:
    """Have a signal end the process with 128 and its number, also as the first process of a container.

    There nothing happens at a signal that a process says nothing about. What it was told to ignore stays ignored, as
    nohup(1) and a shell's `&` want it.
    """
    import signal  # noqa: PLC0415 - not before the daemon's signals are held

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: "FrameType | None") -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    main()
