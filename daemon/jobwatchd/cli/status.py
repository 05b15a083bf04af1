"""The exit statuses of all commands, in one table; `docs/command-line.md` shows the same one.

Those from 64 on are sysexits(3)'s, 124 is timeout(1)'s, those above 128 are a shell's for a signal.
"""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the end of a command says."""

    OK = 0
    """Done; for `wait`: all jobs succeeded; for `run`: ended as asked."""

    FAILED = 1
    """The answer is no: a job failed, the daemon is not ready, an answer means nothing; `run` could not go on."""

    USAGE = 2
    """The command line, or the configuration, cannot be used."""

    CANCELLED = 3
    """A job was cancelled."""

    NOT_THERE = 4
    """A job was lost, or is not there; there is no such watch."""

    UNAVAILABLE = 69
    """The daemon does not answer, or not as jobwatchd would, or cannot do it now."""

    SOFTWARE = 70
    """Something unforeseen went wrong."""

    IO_ERROR = 74
    """What was asked for cannot be written to standard output."""

    NO_PERMISSION = 77
    """Credentials were refused: the job API's, or the daemon's token."""

    TIMED_OUT = 124
    """The time was up before all jobs had ended."""

    HUNG_UP = 129
    """Ended by SIGHUP."""

    INTERRUPTED = 130
    """Ended by SIGINT, as Ctrl-C sends it."""

    TERMINATED = 143
    """Ended by SIGTERM."""
