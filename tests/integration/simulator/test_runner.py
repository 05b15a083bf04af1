"""`python -m jobwatchd.simulator`, the process."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

WAIT_S = 30


@contextmanager
def _running(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    command = [sys.executable, "-m", "jobwatchd.simulator", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_both_apis_until_a_signal(number: int) -> None:
    """It says where both APIs are, has the jobs asked for, and ends with status 0 and nothing on standard error."""
    with _running("--jobs", "5", "--seed", "3") as (process, urls):
        truths = [httpx.get(f"{urls[name]}/_sim/truth", trust_env=False).json() for name in ("nebula", "telestream")]
        process.send_signal(number)
        _, errors = process.communicate(timeout=WAIT_S)
    assert [(truth["kind"], len(truth["jobs"])) for truth in truths] == [("nebula-explorer", 5), ("telestream-up", 5)]
    assert (process.returncode, errors) == (0, "")


def test_it_ends_by_itself() -> None:
    """A forgotten simulator does not run forever."""
    with _running("--limit", "0.1") as (process, _):
        process.communicate(timeout=WAIT_S)
    assert process.returncode == 0


def test_options_reach_the_apis() -> None:
    """Passwords and keys given on the command line are those that are asked for."""
    with _running("--up-key", "other", "--up-lists") as (_, urls):
        summary = f"{urls['telestream']}/s/workflows/w/jobs/summary"
        answers = [
            httpx.get(summary, headers={"authorization": f"Bearer {key}"}, trust_env=False)
            for key in ("up-key", "other")
        ]
    assert [answer.status_code for answer in answers] == [401, 200]
