"""A Debian 12 with a real systemd as its first process, in a container that shares this machine's loopback."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]
BUILD = REPOSITORY / "build"
SOURCES = "src/jobwatchd"
WHEELS = "wheels"
BOOT_S = 60.0
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": f"/{WHEELS}",
}


def make_root(tree: Path, root: Path) -> None:
    """Copy the tree that make keeps, and put this repository and the wheels of its dependencies into it."""
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", tree, root], check=True)
    (root / "etc/machine-id").write_text("")
    listing: list[str | Path] = [
        "git",
        "-C",
        REPOSITORY,
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    for name in subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (REPOSITORY / name).is_file():
            target = root / SOURCES / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, target)
    shutil.copytree(BUILD / "wheels", root / WHEELS)


@dataclass
class Machine:
    """Booted from `root` by `boot`; everything in it runs as its root user."""

    root: Path
    log: Path
    leader: int = 0
    nspawn: "subprocess.Popen[bytes] | None" = None
    boot_s: float = field(default=0.0, init=False)

    def boot(self) -> None:
        """Start systemd, and return when it says that it is up."""
        started = time.monotonic()
        command = ["systemd-nspawn", "--quiet", f"--directory={self.root}", "--register=no", "--keep-unit"]
        command += [f"--machine=jobwatchd-{os.getpid()}", "--boot", "--console=pipe"]
        with self.log.open("wb") as log:
            self.nspawn = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        while time.monotonic() < started + BOOT_S:
            assert self.nspawn.poll() is None, f"systemd-nspawn ended: {self.log.read_text()}"
            children = subprocess.run(
                ["pgrep", "-P", str(self.nspawn.pid)], capture_output=True, text=True, check=False
            )
            if children.stdout:
                self.leader = int(children.stdout.split()[0])
                if self.run("systemctl", "is-system-running", check=False) in {"running", "degraded"}:
                    self.boot_s = time.monotonic() - started
                    return
            time.sleep(0.1)
        raise TimeoutError(f"systemd was not up after {BOOT_S:g} s: {self.log.read_text()}")

    def power_off(self) -> None:
        """End everything in it, and itself."""
        assert self.nspawn is not None
        try:
            if self.nspawn.poll() is None and self.leader:
                self.run("systemctl", "poweroff", check=False)
            self.nspawn.wait(20)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait()

    def try_(self, *command: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a program in it, whatever comes of it."""
        entered = ["nsenter", f"--target={self.leader}", "--all", "--wdns=/", "--", *command]
        return subprocess.run(
            entered, input=stdin, env={**ENVIRONMENT, **environment}, capture_output=True, text=True, check=False
        )

    def run(self, *command: str, stdin: str = "", check: bool = True, **environment: str) -> str:
        """Run a program in it, and return what it prints; fails the test where the program does."""
        done = self.try_(*command, stdin=stdin, **environment)
        assert done.returncode == 0 or not check, f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def script(self, text: str) -> str:
        """Run a shell script in the folder of the sources, stopping at its first failure."""
        return self.run("bash", "-euo", "pipefail", "-c", f"cd /{SOURCES}; {text}")

    def path(self, name: str) -> Path:
        """Return one of its files as this machine sees it."""
        return self.root / name.lstrip("/")

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        """Write one of its files."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)


@dataclass
class Unit:
    """A service in a machine, its configuration, and what it wrote into the journal since `clear`."""

    machine: Machine
    name: str = "jobwatchd"
    cursor: str = ""

    def systemctl(self, verb: str, *arguments: str, check: bool = True) -> str:
        """Say something to systemd about it."""
        return self.machine.run("systemctl", verb, *arguments, self.name, check=check)

    def show(self, *properties: str) -> Mapping[str, str]:
        """Return properties of the unit."""
        text = self.systemctl("show", f"--property={','.join(properties)}")
        return dict(line.split("=", 1) for line in text.splitlines())

    @property
    def state(self) -> str:
        """What systemd thinks of it: `activating`, `active` and so on."""
        return self.show("ActiveState")["ActiveState"]

    @property
    def restarts(self) -> int:
        """How often systemd started it again by itself."""
        return int(self.show("NRestarts")["NRestarts"])

    @property
    def pid(self) -> int:
        """Its main process, as the machine counts."""
        return int(self.show("MainPID")["MainPID"])

    def drop_in(self, name: str, text: str) -> None:
        """Change the unit as `systemctl edit` does."""
        unit = re.sub(r"@.*", "@", self.name)
        self.machine.write(f"/etc/systemd/system/{unit}.service.d/{name}.conf", text)
        self.machine.run("systemctl", "daemon-reload")

    def clear(self) -> None:
        """Forget what it wrote so far."""
        text = self.machine.run("journalctl", "--no-pager", "-n1", "-o", "json")
        self.cursor = json.loads(text)["__CURSOR"] if text else ""

    def entries(self, *filters: str) -> Sequence[Mapping[str, Any]]:
        """Return the journal's entries about it."""
        after = [f"--after-cursor={self.cursor}"] if self.cursor else []
        text = self.machine.run("journalctl", "--no-pager", "-o", "json", "-u", self.name, *after, *filters)
        return [json.loads(line) for line in text.splitlines()]

    def lines(self, event: str = "", **fields: Any) -> Sequence[Mapping[str, Any]]:
        """Return what the daemon itself logged, of one event and with these fields."""
        lines = [json.loads(entry["MESSAGE"]) for entry in self.entries() if str(entry["MESSAGE"]).startswith("{")]
        return [
            line
            for line in lines
            if event in {"", line["event"]}
            and fields.items() <= {key: line[key] for key in fields if key in line}.items()
        ]
