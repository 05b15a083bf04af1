"""The manners of the real process: stopping, telling systemd, and saying why it cannot start."""

import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from acceptance.hook import RunHook
from acceptance.processes import Apis, ConfigFor, RunDaemon


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
async def test_a_signal_ends_it_with_everything_told(
    number: int, apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """What is under way when the signal comes is told and noted, so the next life repeats nothing; the status is 0."""
    hook = await run_hook(fail_fraction=1.0, faults=["slow"], slow_s=0.4)
    [key] = apis.add(apis.nebula, phases=[(0, 0), (0.1, 1), (0.2, 2)])
    daemon = run_daemon(config_for(apis, hook))
    await daemon.up()
    await daemon.post("/v1/watches", {"source": "graph", "job": {"job_id": key}})
    await daemon.logged("job.succeeded")
    daemon.signal(number)
    assert await daemon.exit_status() == 0
    assert hook.types(f"graph/{key}")[-1] == "job.succeeded"
    assert daemon.lines()[-1]["event"] == "daemon.stopped"
    attempts = dict(hook.state.attempts)
    await daemon.up()
    sinks = {sink["name"]: sink for sink in (await daemon.get("/v1/status"))["sinks"]}
    assert (sinks["hook"]["pending"], sinks["hook"]["dead"]) == (0, 0)
    assert hook.state.attempts == attempts


async def test_what_cannot_be_told_in_time_is_told_in_the_next_life(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """The drain is bounded: a receiver that does not answer holds up the end only so long, and loses nothing."""
    hook = await run_hook(fail_fraction=1.0, faults=["slow"], slow_s=600)
    [key] = apis.add(apis.nebula, phases=[(0, 2)])
    daemon = run_daemon({**config_for(apis, hook), "shutdown": {"drain": "300ms"}})
    await daemon.up()
    await daemon.post("/v1/watches", {"source": "graph", "job": {"job_id": key}})
    await daemon.logged("job.succeeded")
    assert await daemon.stop() == 0
    assert hook.state.received == {}
    hook.state.fail_fraction = 0.0
    await daemon.up()
    await daemon.delivered()
    assert hook.types(f"graph/{key}") == ["task.succeeded", "job.succeeded"]


async def test_a_port_in_use_is_waited_for(apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor) -> None:
    """Somebody else listens at the address: one line says which key and address, and it is taken once it is free."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        daemon = run_daemon({**config_for(apis), "server": {"listen": listen}})
        daemon.start()
        line = await daemon.logged("server.waiting_for_address", level="warning")
        assert all(part in line["why"] for part in ("server.listen", listen, "Address already in use"))
    await daemon.ready()
    assert daemon.url == f"http://{listen}"


async def test_every_mistake_of_the_configuration_is_told(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """All mistakes at once, each with its file and key; status 2, and nothing was begun."""
    config = config_for(apis)
    config["sources"]["graph"]["poll"]["min_interval"] = "soon"
    config["sources"]["media"]["bas_url"] = config["sources"]["media"].pop("base_url")
    config["watches"] = [{"source": "nowhere", "job": {"job_id": 1}}]
    daemon = run_daemon(config)
    daemon.start()
    assert await daemon.exit_status() == 2
    lines = [line["message"] for line in daemon.lines()]
    places = ("graph.poll.min_interval", "media.bas_url", "media.base_url", "watches[0].source")
    for place in places:
        [line] = [line for line in lines if place in line and not (place == "media.bas_url" and "base_url:" in line)]
        assert str(daemon.config) in line
    assert {line["event"] for line in daemon.lines()} == {"daemon.failed"}
    assert not daemon.database.exists()


@pytest.mark.parametrize(
    ("style", "trouble"),
    [
        ("json", "configuration"),
        ("console", "database"),
        pytest.param("console", "configuration", marks=pytest.mark.slow),
        pytest.param("json", "database", marks=pytest.mark.slow),
    ],
)
async def test_the_last_words_are_lines_of_the_log(
    style: str, trouble: str, apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """In the configured format even where the rest of the configuration is of no use, and the journal's priority."""
    daemon = run_daemon({})
    config = {**config_for(apis), "log": {"format": style}}
    if trouble == "configuration":
        config["watches"] = [{"source": "nowhere", "job": {"job_id": 1}}]
    else:
        config["store"] = {"url": f"sqlite:///{daemon.folder}/none/jobwatchd.db"}
    daemon.configure(config)
    log = daemon.folder / "life-000.log"
    log.touch()  # the same file for the daemon, which is told that it is the journal
    daemon.environment = {**daemon.environment, "JOURNAL_STREAM": f"{log.stat().st_dev}:{log.stat().st_ino}"}
    daemon.start()
    assert await daemon.exit_status() == {"configuration": 2, "database": 1}[trouble]
    [line] = log.read_text().splitlines()
    assert line.startswith("<2>")
    assert ("json" if line.startswith("<2>{") else "console") == style
    assert {"configuration": "watches[0].source", "database": "none/jobwatchd.db"}[trouble] in line


@pytest.fixture
def manager() -> Iterator[socket.socket]:
    """Return a datagram socket of the kind that systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("")  # the kernel finds a free name
        sock.setblocking(False)  # noqa: FBT003
        yield sock


async def test_systemd_is_told_how_it_is(
    manager: socket.socket, apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor, until: Callable[..., Any]
) -> None:
    """READY once it is ready, WATCHDOG again and again, RELOADING before READY, STOPPING at the end."""
    told: list[str] = []

    def heard(part: str) -> bool:
        try:
            while True:
                told.append(manager.recv(4096).decode())
        except BlockingIOError:
            return any(message.startswith(part) for message in told)

    name = "@" + manager.getsockname()[1:].decode()
    daemon = run_daemon(config_for(apis), NOTIFY_SOCKET=name, WATCHDOG_USEC="300000")
    await daemon.up()
    assert heard("READY=1")
    await until("the watchdog is petted twice", lambda: heard("WATCHDOG=1") and told.count("WATCHDOG=1") > 1)
    assert any(message.startswith("STATUS=watching 0 jobs") for message in told)
    told.clear()
    await daemon.reload()
    await until("the reload ends", lambda: heard("READY=1"))
    reloading, ready = [message for message in told if message.startswith(("RELOADING", "READY"))]
    assert reloading.startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert ready == "READY=1"
    [key] = apis.add(apis.nebula, phases=[(0, 1)])
    await daemon.post("/v1/watches", {"source": "graph", "job": {"job_id": key}})
    await until("the status tells of the new watch", lambda: heard("STATUS=watching 1 jobs"))
    assert await daemon.stop() == 0
    assert heard("STOPPING=1")
