"""What systemd brings to a running service: another configuration, secrets, a journal."""

import json
import stat
from collections.abc import Mapping
from typing import Any

import anyio
import httpx
import pytest

pytestmark = pytest.mark.slow

# What a person, or a program that reads the journal, finds in each line of a job's event.
FIELDS = {"timestamp", "level", "logger", "event", "id", "source", "job", "key", "sequence", "state", "previous_state"}


async def test_reload_picks_up_a_new_watch(service: Any, apis: Any, run_hook: Any, settings: Any, until: Any) -> None:
    """A watch that was written into the file is followed after `systemctl reload`, by the same process."""
    hook = await run_hook()
    service.configure(settings(apis, hook))
    service.systemctl("start")
    pid = service.pid
    [key] = apis.add(apis.nebula, phases=[(0, 2)])
    service.write_config({**service.config, "watches": [{"source": "graph", "job": {"job_id": key}}]})
    service.systemctl("reload")
    await until("its end is told", lambda: "job.succeeded" in hook.types(f"graph/{key}"))
    assert (service.state, service.pid, service.restarts) == ("active", pid, 0)


async def test_reload_refuses_a_broken_file_and_goes_on(
    service: Any, apis: Any, run_hook: Any, settings: Any, until: Any
) -> None:
    """`systemctl reload` fails; journal and status say what is wrong and where; what was watched is watched on."""
    hook = await run_hook()
    service.configure(settings(apis, hook))
    [key] = apis.add(apis.nebula, phases=[(0, 1), (4, 2)])
    good = {**service.config, "watches": [{"source": "graph", "job": {"job_id": key}}]}
    service.write_config(good)
    service.systemctl("start")
    pid = service.pid
    service.write_config({**good, "sinks": {"hook": {"kind": "webhook", "url": "nowhere"}}, "watches": []})
    with pytest.raises(AssertionError, match="ended with 1"):
        service.systemctl("reload")
    await until("the reload was refused", lambda: service.lines("reload.refused"))
    status = service.show("StatusText")["StatusText"]
    assert "; the configuration is not in force: /etc/jobwatchd/jobwatchd.yaml:" in status
    problems = " ".join(line["problem"] for line in service.lines("reload.refused"))
    assert "/etc/jobwatchd/jobwatchd.yaml" in problems
    assert "sinks.hook.url" in problems
    await until("the end is told", lambda: "job.succeeded" in hook.types(f"graph/{key}"))
    assert (service.state, service.pid, service.restarts) == ("active", pid, 0)
    assert service.lines("reload.done") == []
    service.write_config(good)
    service.systemctl("reload")
    await until("it is in force", lambda: service.show("StatusText")["StatusText"] == "watching 0 jobs")


async def test_secrets_come_as_credentials(
    service: Any, apis: Any, run_hook: Any, settings: Any, *, until: Any, planted: Mapping[str, str]
) -> None:
    """Files for root alone, named by the unit: the APIs take them, the receiver verifies, and /v1 wants the token."""
    hook = await run_hook()
    service.configure(settings(apis, hook, with_secrets=False))
    for name, secret in planted.items():
        service.machine.write(f"/etc/jobwatchd/secrets/{name}", f"{secret}\n", 0o600)
    lines = [f"LoadCredential={name}:/etc/jobwatchd/secrets/{name}" for name in planted]
    service.drop_in("credentials", "\n".join(["[Service]", *lines, ""]))
    service.systemctl("start")
    [graph], [media] = apis.add(apis.nebula, phases=[(0, 2)]), apis.add(apis.telestream, phases=[(0, "succeeded")])
    wanted = [
        {"source": "graph", "job": {"job_id": graph}},
        {"source": "media", "job": dict(zip(("space_id", "workflow_id", "job_id"), media.split("/"), strict=True))},
    ]
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        await anyio.to_thread.run_sync(service.post, "/v1/watches/batch", wanted)
    service.headers = {"Authorization": f"Bearer {planted['server.tokens']}"}
    await anyio.to_thread.run_sync(service.post, "/v1/watches/batch", wanted)
    for subject in (f"graph/{graph}", f"media/{media}"):
        await until("its end is told", lambda subject=subject: "job.succeeded" in hook.types(subject))
    assert hook.state.refused == {}, "the receiver did not find a signature good"
    await anyio.to_thread.run_sync(service.systemctl, "reload")  # whoever checks the file finds them as well
    folder = service.machine.path("/etc/jobwatchd/secrets").stat()
    assert (stat.S_IMODE(folder.st_mode), folder.st_uid) == (0o700, 0)
    text = "\n".join(str(entry) for entry in service.entries())
    assert not [name for name, secret in planted.items() if secret in text or secret in str(service.config)]


async def test_a_missing_credential_fails_the_start(service: Any, apis: Any, run_hook: Any, settings: Any) -> None:
    """A secret that is not there is noticed at the start, not at the first poll."""
    service.configure(settings(apis, await run_hook()))
    service.drop_in("credentials", "[Service]\nLoadCredential=sources.graph.password:/etc/jobwatchd/secrets/nothing\n")
    assert service.machine.try_("systemctl", "start", "jobwatchd").returncode != 0


async def test_the_journal_carries_fields(service: Any, apis: Any, run_hook: Any, settings: Any, until: Any) -> None:
    """Every line is an entry whose message is JSON, found by unit, identifier and priority."""
    hook = await run_hook()
    [key] = apis.add(apis.nebula, phases=[(0, 1), (1, 3)])
    service.configure({**settings(apis, hook), "watches": [{"source": "graph", "job": {"job_id": key}}]})
    service.systemctl("start")
    await until("its end is in the journal", lambda: service.lines("job.failed"))
    for line in service.lines("job.running") + service.lines("job.failed"):
        assert line.keys() >= FIELDS
        assert (line["logger"], line["key"], line["job"]) == ("journal", f"graph/{key}", [key])
    own = service.entries("SYSLOG_IDENTIFIER=jobwatchd", "_TRANSPORT=stdout")
    assert {(entry["_SYSTEMD_UNIT"], entry["PRIORITY"]) for entry in own} == {("jobwatchd.service", "6")}
    assert all(json.loads(entry["MESSAGE"])["event"] for entry in own)
    assert service.lines("daemon.ready")[0]["sinks"] == ["hook", "journal"]


async def test_instances_live_beside_each_other(
    make_service: Any, apis: Any, run_hook: Any, settings: Any, until: Any
) -> None:
    """Two instances of the template have files, databases and watches of their own."""
    hooks = {name: await run_hook() for name in ("one", "two")}
    services = {name: make_service(f"jobwatchd@{name}") for name in hooks}
    keys = {}
    for name, service in services.items():
        [keys[name]] = apis.add(apis.nebula, phases=[(0, 2)])
        watches = [{"source": "graph", "job": {"job_id": keys[name]}}]
        service.configure({**settings(apis, hooks[name]), "watches": watches})
        service.systemctl("start")
    for name, hook in hooks.items():
        await until("its end is told", lambda hook=hook, name=name: hook.types(f"graph/{keys[name]}"))
        assert set(hook.state.by_subject()) == {f"graph/{keys[name]}"}
        database = services[name].machine.path(f"/var/lib/private/jobwatchd-{name}/jobwatchd.db")
        assert database.is_file()
