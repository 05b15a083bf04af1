"""From start to stop under a real systemd: ready, alive, killed, stopped."""

import sqlite3
from random import Random
from typing import Any

import anyio
import pytest

pytestmark = pytest.mark.slow

ENDS = {"job.succeeded", "job.failed", "job.cancelled"}
# Loaded by the daemon's interpreter before the daemon. On SIGUSR1 the event loop hangs; on SIGUSR2 one of the loops in
# it does, while all others go on. That loop's patience is 12 rounds.
SABOTAGE = """
import signal, time
from jobwatchd.engine import housekeeping

async def hang(self):
    import anyio
    await anyio.sleep_forever()

housekeeping.ROUND_S = 0.25
signal.signal(signal.SIGUSR1, lambda *_: time.sleep(600))
signal.signal(signal.SIGUSR2, lambda *_: setattr(housekeeping.Housekeeping, "_gauge_backlog", hang))
"""


async def test_started_means_ready(service: Any, apis: Any, run_hook: Any, settings: Any, until: Any) -> None:
    """While the store cannot be opened the unit is activating, for longer than a start may take; then it is active."""
    service.drop_in("patience", "[Service]\nTimeoutStartSec=10s\nWatchdogSec=6s\n")
    service.configure(settings(apis, await run_hook()))
    service.systemctl("start")
    service.systemctl("stop")
    database = sqlite3.connect(service.machine.path("/var/lib/private/jobwatchd/jobwatchd.db"), isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    service.systemctl("start", "--no-block")
    await until("the process is there", lambda: service.pid)
    await anyio.sleep(14)
    assert (service.state, service.is_ready(), service.restarts) == ("activating", False, 0)
    assert "is locked by another process" in service.show("StatusText")["StatusText"]
    database.execute("ROLLBACK")
    database.close()
    await until("it is active", lambda: service.state == "active")
    assert service.is_ready()
    await until("its status says so", lambda: service.show("StatusText")["StatusText"] == "watching 0 jobs")


async def test_a_wrong_configuration_fails_the_start_once(
    service: Any, apis: Any, run_hook: Any, settings: Any, until: Any
) -> None:
    """The start fails with status 2, the journal says where the mistake is, and it is not tried again."""
    service.configure({**settings(apis, await run_hook()), "store": {"keep_events": "soon"}})
    assert service.machine.try_("systemctl", "start", "jobwatchd").returncode != 0
    assert service.show("ExecMainStatus", "ActiveState") == {"ExecMainStatus": "2", "ActiveState": "failed"}
    assert service.restarts == 0

    def said() -> bool:
        lines = [str(entry["MESSAGE"]) for entry in service.entries()]
        return any("/etc/jobwatchd/jobwatchd.yaml" in line and "store.keep_events" in line for line in lines)

    await until("the journal names file and key", said)


@pytest.mark.parametrize("signal", ["STOP", "USR1", "USR2"])
async def test_what_hangs_is_killed_and_started_again(
    service: Any, apis: Any, run_hook: Any, settings: Any, until: Any, *, signal: str
) -> None:
    """A frozen process, a blocked event loop, and one loop of several that hangs: the watchdog ends each of them."""
    service.machine.write("/opt/sabotage/sitecustomize.py", SABOTAGE)
    service.drop_in("sabotage", "[Service]\nWatchdogSec=2s\nEnvironment=PYTHONPATH=/opt/sabotage\n")
    service.configure(settings(apis, await run_hook()))
    service.systemctl("start")
    await anyio.sleep(5)
    assert service.restarts == 0, "it is well, and yet it was killed"
    pid = service.pid
    service.systemctl("kill", "--kill-who=main", f"--signal={signal}")
    await until("it was started again", lambda: service.restarts == 1)
    await until("it is ready again", service.is_ready)
    assert service.pid != pid
    assert any("Watchdog timeout" in entry["MESSAGE"] for entry in service.entries("_PID=1"))


async def test_kill_9_loses_nothing(
    service: Any, apis: Any, run_hook: Any, settings: Any, until: Any, *, shown: list[str]
) -> None:
    """Killed at random moments and started again, it tells each job's end, each event under one id, in order."""
    hook, rng = await run_hook(), Random(1)
    service.configure(settings(apis, hook))
    service.systemctl("start")
    keys = apis.add(apis.nebula, count=12, scale_s=5)
    wanted = [{"source": "graph", "job": {"job_id": key}} for key in keys]
    await anyio.to_thread.run_sync(service.post, "/v1/watches/batch", wanted)
    for kills in range(1, 7):
        await anyio.sleep(rng.uniform(0.2, 1.5))
        await anyio.to_thread.run_sync(service.systemctl, "kill", "--signal=KILL")
        await until("it was started again", lambda kills=kills: service.restarts == kills)
        await until("it is ready again", service.is_ready)

    def told() -> bool:
        return all(set(hook.types(f"graph/{key}")) & ENDS for key in keys)

    await until("all ends are told", told)
    truth = {f"graph/{job['key']}": job["state"] for job in apis.truth(apis.nebula)["jobs"]}
    for subject, events in hook.state.by_subject().items():
        assert [each.sequence for each in events] == list(range(1, len(events) + 1)), subject
        assert set(hook.types(subject)) & ENDS == {f"job.{truth[subject]}"}
    assert {name: bodies for name, bodies in hook.bodies.items() if len(bodies) > 1} == {}
    shown.append(f"{kills} kills, {len(keys)} jobs, {len(hook.state.received)} events, none lost")


async def test_the_state_survives_a_restart(service: Any, apis: Any, run_hook: Any, settings: Any, until: Any) -> None:
    """A watch that came through the API, and what was told of it, are there afterwards; nothing is told again."""
    hook = await run_hook()
    service.configure(settings(apis, hook))
    service.systemctl("start")
    [key] = apis.add(apis.nebula, phases=[(0, 0), (0.5, 1)])
    await anyio.to_thread.run_sync(service.post, "/v1/watches", {"source": "graph", "job": {"job_id": key}})
    await until("it runs", lambda: "job.running" in hook.types(f"graph/{key}"))
    before = await anyio.to_thread.run_sync(service.get, "/v1/events")
    await anyio.to_thread.run_sync(service.systemctl, "restart")
    assert [each["key"] for each in service.get("/v1/watches")["items"]] == [f"graph/{key}"]
    assert service.get("/v1/events") == before
    assert service.show("StatusText")["StatusText"] == "watching 1 jobs"
    folder = service.machine.run("stat", "-c", "%a %U", "/var/lib/private/jobwatchd", "-L")
    assert folder.split()[0] == "700"


async def test_stop_drains_and_succeeds(service: Any, apis: Any, run_hook: Any, settings: Any, until: Any) -> None:
    """What is under way when the unit is stopped is told before it ends, with success."""
    hook = await run_hook(fail_fraction=1.0, faults=["slow"], slow_s=1.0)
    service.configure(settings(apis, hook))
    service.systemctl("start")
    [key] = apis.add(apis.nebula, phases=[(0, 2)])
    await anyio.to_thread.run_sync(service.post, "/v1/watches", {"source": "graph", "job": {"job_id": key}})
    await until("its webhook is on the way", lambda: bool(hook.bodies))
    assert hook.types(f"graph/{key}") == []
    await anyio.to_thread.run_sync(service.systemctl, "stop")
    assert hook.types(f"graph/{key}")[-1] == "job.succeeded"
    assert service.show("Result", "ExecMainStatus", "ActiveState") == {
        "Result": "success",
        "ExecMainStatus": "0",
        "ActiveState": "inactive",
    }
    assert service.lines()[-1]["event"] == "daemon.stopped"
