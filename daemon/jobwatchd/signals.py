"""What the process is told by signals, from its first moment to its last.

Until `hold` is called, SIGHUP ends the process, and the first process of a container is told nothing at all. So this is
imported before everything else, and imports next to nothing itself.
"""

# Not `signal`: that imports `enum`, which would make the time until signals are heard half as long again.
import _signal as signal  # type: ignore[import-not-found]  # nothing describes it
import os
import time
from _thread import start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HEARD = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
# How long the end may take beside `shutdown.drain`; whatever still hangs then is left hanging.
STOP_WITHIN_S = 10.0
# The same once a second signal asked for the end at once.
STOP_AT_ONCE_S = 1.0


class Signals:
    """Hears SIGHUP, which asks for a reload, and SIGTERM and SIGINT, which ask for the end.

    Before `attend` nothing was begun that wants an end of its own: there the process ends at once, with status 0. From
    then on it ends so at the latest a while after it was asked to, whatever it waits for: a lock, a disk, a reader.
    """

    def __init__(self) -> None:
        self.stop_signal = 0
        """The number of the signal that asked for the end; 0 while none did."""
        self.stops = 0
        """How often the end was asked for."""
        self._reload_wanted = False
        self._tell: Callable[[], object] | None = None
        self._drain_s = 0.0
        self._is_held = False

    def hold(self) -> None:
        """Take the signals from now on, for as long as the process lives; by the main thread, before there is another.

        They are kept from every thread but one, which waits for them and for nothing else. A handler would be called
        in the main thread, between two of its steps: never, where that is on its way into a call that does not return.
        """
        if self._is_held:
            return
        self._is_held = True
        signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
        start_new_thread(self._listen, ())
        # Others are told by these that a log file was moved away. To have no log file is no reason to die.
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            if signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, signal.SIG_IGN)

    def attend(self, tell: "Callable[[], object]", drain_s: float) -> None:
        """Have `tell` called at each signal, in a thread of its own; `drain_s` is how long an orderly end may take."""
        self._drain_s = drain_s
        self._tell = tell

    def dismiss(self) -> None:
        """Tell nobody any more: what was begun has come to its end."""
        self._tell = None

    def take_reload(self) -> bool:
        """Whether a reload was asked for since this was called last; many requests are one."""
        wanted, self._reload_wanted = self._reload_wanted, False
        return wanted

    def note(self, number: int) -> None:
        """Take notice of a signal."""
        tell = self._tell
        if number == signal.SIGHUP:
            self._reload_wanted = True
        elif tell is None:
            os._exit(0)
        else:
            self.stop_signal = self.stop_signal or number
            self.stops += 1
            if self.stops == 1:
                _leave_within(self._drain_s + STOP_WITHIN_S)
            elif self.stops == 2:  # noqa: PLR2004 - what comes after the first
                _leave_within(STOP_AT_ONCE_S)
        if tell is not None:
            try:
                tell()
            except RuntimeError:  # the event loop was closed this moment
                return

    def _listen(self) -> None:
        while True:
            self.note(signal.sigwait(HEARD))


def _leave_within(delay_s: float) -> None:
    """End the process after that, however deep in a system call its other threads are."""

    def leave() -> None:
        time.sleep(delay_s)
        os._exit(0)

    try:
        start_new_thread(leave, ())
    except RuntimeError:  # no thread is to be had; whoever sent the signal has one that cannot be caught
        return


SIGNALS = Signals()
"""Those of this process."""
