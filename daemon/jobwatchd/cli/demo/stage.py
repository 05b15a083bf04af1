"""Everything the demo needs, set up and taken down: simulators, receiver, daemon, and a folder for their files."""

import base64
import contextlib
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio
import click
import httpx
from anyio.abc import TaskGroup
from anyio.streams.buffered import BufferedByteReceiveStream

import jobwatchd
from jobwatchd.cli.demo.children import Child, running
from jobwatchd.cli.demo.comparison import ToldEvent, read_event
from jobwatchd.cli.demo.remote import Remote
from jobwatchd.cli.demo.scene import FROM_FILE, GRAPH, MEDIA
from jobwatchd.errors import ConfigError
from jobwatchd.simulator.receiver import ReceiverFault, ReceiverState, receiver_app
from jobwatchd.simulator.server import serve

READY_S = 60.0
LOOK_EVERY_S = 0.05
TOKEN_TTL_S = 10.0
SIMULATOR_LIMIT_S = 7 * 86_400
JOBWATCHD = (sys.executable, "-m", "jobwatchd")
# What a service manager tells about the process that it started, which is the demo and not its daemon.
NOT_FOR_CHILDREN = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY"})
# Longer than the sink of the demo's configuration waits for an answer.
TOO_LATE_S = 3.0


class Receiver(ReceiverState):
    """Verifies signatures with `secret`, drops duplicates by their id, and calls `show` with each new CloudEvent."""

    def __init__(self, secret: str, show: Callable[[dict[str, Any], datetime], None]) -> None:
        super().__init__(secrets=[secret], slow_s=TOO_LATE_S)
        self.arrived: list[tuple[ToldEvent, datetime]] = []
        self._show = show
        self._answers_late = False

    def answer_late_once(self) -> None:
        """Take the next webhook, but answer so late that its sender has to send it again."""
        self._answers_late = True

    def next_fault(self) -> ReceiverFault | None:
        """Return how the next request is to fail, None if it is not."""
        late, self._answers_late = self._answers_late, False
        return ReceiverFault.SLOW if late else None

    def take(self, event: dict[str, Any]) -> None:
        """Remember a CloudEvent and show it; one whose id came before is only counted."""
        is_new = event["id"] not in self.received
        super().take(event)
        if is_new:
            now = self.clock.now()
            kind = event["type"].removeprefix("dev.jobwatchd.").removesuffix(".v1")
            self.arrived.append((read_event({**event["data"], "id": event["id"], "type": kind}), now))
            self._show({**event["data"], "type": kind}, now)

    @property
    def duplicates(self) -> int:
        """How many webhooks were taken more than once."""
        return sum(self.taken.values()) - len(self.taken)


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs, and where; the folder is kept after a failure, so that one can look into it."""

    config: Path
    folder: Path
    simulators: dict[str, str]
    hook_url: str
    receiver: Receiver
    remote: Remote

    @property
    def daemon_log(self) -> Path:
        """The daemon's log."""
        return self.folder / "daemon.log"


@contextlib.asynccontextmanager
async def set_up(
    seed: int, folder: Path, tasks: TaskGroup, show: Callable[[dict[str, Any], datetime], None]
) -> AsyncIterator[Stage]:
    """Run everything inside the block, with the jobs of the file begun; a child that dies early ends `tasks`.

    `show` is called with each event that arrives. Raises `ChildDied` for a child that does not get ready.
    """
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    password, api_key = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
    receiver = Receiver(secret, show)
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=30.0))
        hooks = await stack.enter_async_context(serve(receiver_app(receiver)))
        simulator = await stack.enter_async_context(_simulators(seed, password, api_key, folder))
        simulators = await _addresses(simulator)
        tasks.start_soon(simulator.watch)
        remote = Remote(client, simulators)
        await remote.submit(FROM_FILE)
        dynamic = Dynamic(
            graph_url=simulators[GRAPH],
            graph_password=password,
            media_url=simulators[MEDIA],
            media_key=api_key,
            hook_url=f"{hooks}/hooks",
            hook_secret=secret,
            database=folder / "jobwatchd.db",
        )
        stage = Stage(demo_config(), folder, simulators, dynamic.hook_url, receiver, remote)
        argv = [*JOBWATCHD, "run", "-c", str(stage.config)]
        env = {**child_environment(), **overrides(dynamic)}
        daemon = await stack.enter_async_context(running("The daemon", argv, env, stage.daemon_log))
        remote.daemon = f"http://{await _listening(daemon)}"
        tasks.start_soon(daemon.watch)
        yield stage


def _simulators(seed: int, password: str, api_key: str, folder: Path) -> contextlib.AbstractAsyncContextManager[Child]:
    options = {
        "--seed": seed,
        "--nebula-password": password,
        "--token-ttl": TOKEN_TTL_S,
        "--up-key": api_key,
        "--limit": SIMULATOR_LIMIT_S,
    }
    argv = [sys.executable, "-m", "jobwatchd.simulator", *(f"{name}={value}" for name, value in options.items())]
    return running("The simulator", argv, child_environment(), folder / "simulator.log", piped=True)


async def _addresses(simulator: Child) -> dict[str, str]:
    """Return the base URLs of the simulators by source name, from the line that they print when they answer."""
    if simulator.process.stdout is None:
        raise RuntimeError("the simulator's output is not piped")
    try:
        with anyio.fail_after(READY_S):
            line = await BufferedByteReceiveStream(simulator.process.stdout).receive_until(b"\n", 65_536)
    except (anyio.IncompleteRead, TimeoutError):
        raise simulator.died("did not get ready") from None
    urls = json.loads(line)
    return {GRAPH: urls["nebula"], MEDIA: urls["telestream"]}


async def _listening(daemon: Child) -> str:
    """Return host and port of the daemon once it is ready; its log tells."""
    with anyio.move_on_after(READY_S):
        while daemon.process.returncode is None:
            for line in daemon.log.read_text("utf-8").splitlines():
                if '"daemon.ready"' in line and line.endswith("}"):
                    address: str = json.loads(line)["listen"][0]
                    return address
            await anyio.sleep(LOOK_EVERY_S)
    raise daemon.died("did not get ready")


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder, and remove it afterwards unless the block ends in an error: then its logs are of use."""
    folder = Path(tempfile.mkdtemp(prefix="jobwatchd-demo-"))
    kept = False
    try:
        yield folder
    except Exception:
        kept = True
        click.echo(f"The logs and the database of this run are kept in {folder}.", err=True)
        raise
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


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
