"""The demo's configuration file, and what overrides it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import jobwatchd
from jobwatchd.errors import ConfigError

# What a service manager tells about the process that it started, which is the demo and not its daemon.
NOT_FOR_CHILDREN = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY"})


@dataclass(frozen=True, slots=True)
class Dynamic:
    """What is known only at run time; the secrets are made for one run."""

    graph_url: str
    graph_password: str
    media_url: str
    media_key: str
    hook_url: str
    hook_secret: str
    database: Path


def demo_config() -> Path:
    """Return the file: a wheel carries it in the package, a checkout beside it; raises `ConfigError`."""
    packaged = Path(str(files(jobwatchd) / "demo.yaml"))
    checkout = Path(jobwatchd.__file__).resolve().parents[2] / "config" / "demo.yaml"
    for file in (packaged, checkout):
        if file.is_file():
            return file
    raise ConfigError(f"The demo's configuration is missing; expected {packaged} or {checkout}.")


def child_environment() -> dict[str, str]:
    """Return the environment for children: ours, but nothing that would configure a daemon."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("JOBWATCHD_") and name not in NOT_FOR_CHILDREN
    }


def overrides(dynamic: Dynamic) -> Mapping[str, str]:
    """Return the variables that the demo's daemon needs beside its file."""
    return {
        "JOBWATCHD_SOURCES__GRAPH__BASE_URL": dynamic.graph_url,
        "JOBWATCHD_SOURCES__GRAPH__PASSWORD": dynamic.graph_password,
        "JOBWATCHD_SOURCES__MEDIA__BASE_URL": dynamic.media_url,
        "JOBWATCHD_SOURCES__MEDIA__API_KEY": dynamic.media_key,
        "JOBWATCHD_SINKS__HOOK__URL": dynamic.hook_url,
        "JOBWATCHD_SINKS__HOOK__SECRETS": json.dumps([dynamic.hook_secret]),
        "JOBWATCHD_STORE__URL": f"sqlite:///{dynamic.database}",
        "JOBWATCHD_SERVER__LISTEN": "127.0.0.1:0",
    }
