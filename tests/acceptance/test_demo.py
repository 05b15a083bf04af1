"""`jobwatchd demo` as a person runs it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LIMIT_S = 90
STATES = ("queued", "running", "stopping", "retrying", "succeeded", "failed", "cancelled")


def _start(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-Im", "jobwatchd", "demo", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, "TMPDIR": str(folder)},
    )


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Return a demo that was started, and goes on until it is interrupted."""
    with _start(tmp_path) as process:
        yield process
        process.kill()


def _read_until(process: subprocess.Popen[str], mark: str) -> str:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if mark in line:
            return "".join(lines)
    pytest.fail(f"{mark!r} did not come:\n{''.join(lines)}")


def _children_of(folder: Path) -> dict[int, str]:
    """Return the processes that work in the demo's folder, by their id: all of its children do."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            working = (entry / "cwd").readlink() if entry.name.isdecimal() else Path("/")
            if folder in working.parents:
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def _rest_of(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=LIMIT_S)
    return output


def test_ends_by_itself_with_a_summary_and_nothing_lost(tmp_path: Path) -> None:
    """Every state of both APIs is seen, the sink recovers, the summary adds up, and nothing is left behind."""
    with _start(tmp_path, "--exit-when-done") as process:
        output = _rest_of(process)
    assert process.returncode == 0, output
    shown = set(re.findall(r"(?m)^[\d:]{8}  ([a-z]+\.[a-z]+) +(graph|media)/", output))
    assert {kind for kind, _ in shown} >= {
        *(f"job.{state}" for state in STATES),
        *("job.reopened", "job.unmapped", "job.lost", "job.overdue", "task.running", "task.succeeded"),
    }
    for source in ("graph", "media"):
        assert {
            (f"job.{state}", source) for state in ("queued", "running", "succeeded", "failed", "cancelled")
        } <= shown
    (waited,) = re.findall(r"All (\d+) events that had to wait have arrived", output)
    assert int(waited) > 0
    assert re.search(r"(?m)^NebulaGraph Explorer +9 .* 0$", output)
    assert re.search(r"(?m)^Telestream UP +6 .* 0$", output)
    told, arrived = re.findall(r"(?m)^events +(\d+) told .*, (\d+) arrived$", output)[0]
    assert told == arrived
    assert re.search(r"(?m)^deliveries +\d+ attempts; [1-9]\d* events? sent more than once, [1-9]", output)
    assert re.search(r"(?m)^signatures +\d+ verified, 0 refused$", output)
    assert "Nothing was lost" in output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("signum", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_ends_cleanly_when_interrupted(demo: subprocess.Popen[str], tmp_path: Path, signum: signal.Signals) -> None:
    """A signal ends demo and children with status 0 and a summary, and the folder is gone."""
    _read_until(demo, "job.queued")
    children = _children_of(tmp_path)
    assert len(children) >= 2  # and a command that adds a watch, where it is not done yet
    demo.send_signal(signum)
    output = _rest_of(demo)
    assert demo.returncode == 0, output
    assert "NebulaGraph Explorer" in output
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_says_when_a_child_dies(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    """A daemon that is killed ends the demo with status 1 and the tail of the daemon's log, which is kept."""
    _read_until(demo, "job.queued")
    (daemon,) = [child for child, command in _children_of(tmp_path).items() if " run -c " in command]
    os.kill(daemon, signal.SIGKILL)
    output = _rest_of(demo)
    assert demo.returncode == 1, output
    assert "The daemon ended by itself, with status -9. Its log ends with:" in output
    assert '"daemon.ready"' in output
    assert [log.parent.parent for log in tmp_path.glob("*/daemon.log")] == [tmp_path]
    assert _children_of(tmp_path) == {}


@pytest.mark.slow
def test_keeps_the_secrets_of_a_run_to_itself(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    """Neither the screen nor the daemon's log shows the secret that webhooks are signed with."""
    output = _read_until(demo, "job.queued")
    (daemon,) = [child for child, command in _children_of(tmp_path).items() if " run -c " in command]
    environment = Path(f"/proc/{daemon}/environ").read_text("utf-8")
    (secret,) = re.findall(r'JOBWATCHD_SINKS__HOOK__SECRETS=\["whsec_([^"]+)"', environment)
    (log,) = tmp_path.glob("*/daemon.log")
    logged = log.read_text("utf-8")
    demo.send_signal(signal.SIGINT)
    shown = output + _rest_of(demo)
    assert "job.queued" in shown
    assert "daemon.ready" in logged
    assert secret not in shown + logged
