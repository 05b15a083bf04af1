"""Where a run took place: cores, kernel, versions, commit. A figure without them means nothing."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARIES = ("jobwatchd", "uvloop", "pyreqwest", "httpx", "aiohttp", "orjson", "pydantic", "sqlalchemy", "uvicorn")


def cores() -> tuple[int, int]:
    """Return the core for what is measured and the one for the load server; the same one where there is no other."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def describe() -> dict[str, object]:
    """Return what the report states about the machine and the software."""
    measured, serving = cores()
    return {
        "machine": platform.machine(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "shared_core": measured == serving,
        "load_before": os.getloadavg()[0],
        "kernel": platform.release(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "libraries": {name: installed(name) for name in LIBRARIES},
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed_files": len(_git("status", "--porcelain", "--", "daemon").splitlines()),
    }


def installed(name: str) -> str | None:
    """Return the version of an installed package, None where it is missing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return "unknown"

    return sqlite3.sqlite_version


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()
