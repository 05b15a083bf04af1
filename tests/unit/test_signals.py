"""What a process hears of signals; each test is a process of its own, which signals may end."""

import signal
import subprocess
import sys

import pytest

PRELUDE = """
import os, signal, sys, threading
from jobwatchd import signals
heard = signals.Signals()
heard.hold()

def say(text):
    print(text, flush=True)

def ask(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)
"""


def run(code: str, *, patience_s: float = 30.0) -> tuple[int, str]:
    """Run Python code after the prelude; returns the exit status and what it printed."""
    command = [sys.executable, "-Ic", PRELUDE + code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience_s)
    assert done.stderr == ""
    return done.returncode, done.stdout.strip()


def test_the_entry_point_loads_nothing_but_what_hears_signals() -> None:
    """So that it listens before whatever takes long to import."""
    code = "import sys; before = set(sys.modules); import jobwatchd.__main__; print(*set(sys.modules) - before)"
    loaded = subprocess.run([sys.executable, "-Ic", code], capture_output=True, text=True, check=True).stdout
    assert "jobwatchd.signals" in loaded
    assert not [
        name for name in ("click", "enum", "signal", "asyncio", "threading", "jobwatchd.cli") if f"'{name}'" in loaded
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_has_not_begun_ends_at_once_and_well(number: int) -> None:
    """Also on the way into a call that never returns."""
    assert run(f"ask({number}); os.read(os.pipe()[0], 1)") == (0, "")


def test_requests_to_reload_are_kept() -> None:
    """Any number of them from before anybody listens is one."""
    code = """
ask(1)
while not heard._reload_wanted:
    pass
heard.note(1)
say((heard.take_reload(), heard.take_reload()))
"""
    assert run(code) == (0, "(True, False)")


def test_whoever_attends_is_told() -> None:
    """Of each signal, once it has been noted."""
    code = """
told = threading.Semaphore(0)
heard.attend(told.release, 60.0)
for number in (1, 2, 15):
    ask(number)
    told.acquire()
    say((heard.stops, heard.stop_signal, heard.take_reload()))
"""
    assert run(code)[1].splitlines() == ["(0, 0, True)", "(1, 2, False)", "(2, 2, False)"]


def test_an_end_that_hangs_is_cut_short() -> None:
    """Whatever the main thread waits for: after the drain and a while the process is gone, with status 0."""
    code = """
signals.STOP_WITHIN_S = 0.2
heard.attend(lambda: None, 0.1)
ask(15)
threading.Event().wait()
"""
    assert run(code) == (0, "")


def test_asked_twice_it_ends_sooner() -> None:
    """A long drain does not hold up whoever says it again."""
    code = """
signals.STOP_AT_ONCE_S = 0.2
heard.attend(lambda: None, 3600.0)
ask(15, 2)
threading.Event().wait()
"""
    assert run(code) == (0, "")


def test_a_signal_after_the_end_changes_nothing() -> None:
    """Neither a reload that nobody will make nor a second request to end makes the status another one."""
    code = """
heard.attend(lambda: say('told'), 60.0)
heard.dismiss()
ask(1, 15)
threading.Event().wait()
"""
    assert run(code) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_what_means_nothing_does_nothing(number: int) -> None:
    """To rotate logs others are sent these; whoever has set a handler of their own keeps it."""
    assert run(f"ask({number}); say('still here')") == (0, "still here")
    # Whichever thread the system chooses, it is the main one that runs the handler, when it next comes to itself.
    wait = "while not told: time.sleep(0.01)"
    handled = f"told = []; signal.signal({number}, lambda *_: told.append(1)); signals.Signals().hold(); ask({number})"
    assert run(f"import time; {handled}\n{wait}\nsay('mine')") == (0, "mine")
