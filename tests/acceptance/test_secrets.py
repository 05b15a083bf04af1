"""Planted secrets, and everything that the real process lets out: none of them is in it."""

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from acceptance.hook import Hook, RunHook
from acceptance.processes import Apis, ConfigFor, RunApis, RunDaemon
from jobwatchd.simulator.server import serve

PASSWORD = "planted-nebula-pässword/%41"
UP_KEY = "planted-up-key-0d9f1c"
TOKEN = "planted-api-token-77aa31"
SIGNING = "cGxhbnRlZC1zaWduaW5nLXNlY3JldC1vZi10aGUtaG9vaw=="
HEADER = "planted-header-5521bb"
LOGIN = b64encode(f"root:{PASSWORD}".encode()).decode()
# The last one is how every token begins that the simulated Explorer gives out.
SECRETS = (PASSWORD, LOGIN, UP_KEY, TOKEN, SIGNING, HEADER, "planted-", "eyJhb")
PATHS = (
    "/metrics",
    "/livez",
    "/readyz",
    "/openapi.json",
    "/v1/status",
    "/v1/watches",
    "/v1/watches/1",
    "/v1/events",
    "/v1/dead-letters",
    "/v1/nothing",
)


def _config(config: Any, hook: Hook, folder: Path, client: str) -> Any:
    """Return a configuration with secrets of every kind, in files and in the clear."""
    for name, text in {
        "password": PASSWORD,
        "tokens": f"# a comment\n{TOKEN}\n",
        "signing": f"whsec_{SIGNING}",
    }.items():
        (folder / name).write_text(text)
    graph, media = config["sources"]["graph"], config["sources"]["media"]
    del graph["password"]
    graph.update(password_file=str(folder / "password"), http_client=client)
    media.update(api_key=UP_KEY, http_client=client)
    config["sinks"]["hook"] = {
        "kind": "webhook",
        "url": hook.url,
        "secret_files": [str(folder / "signing")],
        "headers": {"X-Key": HEADER},
        "retry": {"first": "50ms", "longest": "1s", "rejections": 2, "rejections_for": "0s"},
    }
    config["server"]["tokens_file"] = str(folder / "tokens")
    return config | {"log": {"format": "json", "level": "debug"}}


def _faults(*kinds: str) -> list[dict[str, Any]]:
    return [{"kind": kind, "fraction": 0.08, "delay_s": 3} for kind in kinds]


def _watches(apis: Apis) -> list[dict[str, Any]]:
    parts = ("space_id", "workflow_id", "job_id")
    graph, media = (apis.add(base, count=10, scale_s=2) for base in (apis.nebula, apis.telestream))
    watches = [{"source": "graph", "job": {"job_id": key}} for key in graph]
    return watches + [{"source": "media", "job": dict(zip(parts, key.split("/"), strict=True))} for key in media]


@pytest.mark.parametrize("client", ["pyreqwest", pytest.param("httpx", marks=pytest.mark.slow)])
async def test_no_secret_gets_out(
    client: str, run_apis: RunApis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """Through faults, refusals, a wrong token, a wrong configuration and a reload: no log, answer or file has any."""
    apis = run_apis("--nebula-password", PASSWORD, "--up-key", UP_KEY, "--token-uses", "5")
    hook = await run_hook()  # refuses every signature but its own: dead letters, with their reasons
    kinds = ("server_error", "cut", "cut_body", "garbage", "truncated", "wrong_types", "rate_limited", "slow")
    apis.set_faults(apis.nebula, *_faults(*kinds, "envelope_error"))
    apis.set_faults(apis.telestream, *_faults(*kinds))
    daemon = run_daemon({})
    config = _config(config_for(apis), hook, daemon.folder.parent, client) | {"watches": _watches(apis)}
    daemon.configure(config)
    await daemon.up()
    for name in ("graph", "media"):
        await daemon.logged("poll.failed", source=name)
    await daemon.logged("delivery.dead")
    broken = {**config["sources"]["media"], "base_url": f"http://somebody:{UP_KEY}@127.0.0.1"}
    daemon.configure(config | {"sources": {**config["sources"], "media": broken}})
    assert (await daemon.reload())["event"] == "reload.refused"
    answers = _answers(daemon.url)
    daemon.kill()
    refused = _check(daemon.config)
    daemon.configure(config)
    effective = _check(daemon.config)
    assert b"********" in effective
    let_out = {"answers": answers, "refused": refused, "effective": effective}
    let_out |= {file.name: file.read_bytes() for file in daemon.folder.iterdir() if file != daemon.config}
    assert {"life-000.log", "jobwatchd.db", "jobwatchd.db-wal"} <= let_out.keys()
    found = [(name, secret) for name, content in let_out.items() for secret in SECRETS if secret.encode() in content]
    assert found == []


def _answers(url: str) -> bytes:
    """Return all that the server says to the right token, to a wrong one, and to a mistaken question."""
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        asked = [client.get(path, headers={"authorization": f"Bearer {TOKEN}"}) for path in PATHS]
        asked += [client.get(path, headers={"authorization": "Bearer wrong"}) for path in PATHS]
        asked.append(client.post("/v1/watches", content=b"{", headers={"authorization": f"Bearer {TOKEN}"}))
    assert [answer.status_code for answer in asked[:9]] == [200] * 9
    assert {answer.status_code for answer in asked[14:20]} == {401}
    return b"\n".join(str(answer.headers).encode() + answer.content for answer in asked)


def _check(config: Path) -> bytes:
    command = [sys.executable, "-Im", "jobwatchd", "check-config", "-c", str(config)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout


async def test_an_api_that_repeats_what_it_was_sent_lets_nothing_out(
    run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """In errors until it counts as unreachable, and in texts of jobs: no event, file or line has our credentials."""
    hook = await run_hook()
    async with serve(_echoing_api) as url:
        token = "planted-token-51c8"
        described = {
            "kind": "http-json",
            "base_url": url,
            "parameters": ["job"],
            "request": {"path": "/{job}"},
            "read": {"state": "state", "name": "name", "error": "error"},
            "states": {"failed": "failed"},
            "poll": {"interval": "100ms", "unreachable_after": "300ms"},
        }
        bearer = {**described, "auth": {"kind": "bearer"}, "token": token}
        login = {"method": "POST", "path": "/login", "body": {"password": "{password}"}}
        session = {
            **described,
            "auth": {"kind": "json-login", "login": login, "token": "token"},
            "password": PASSWORD,
        }
        config = config_for(_NoApis, hook) | {
            "sources": {"broken": bearer, "texts": bearer, "session": session},
            "watches": [{"source": name, "job": {"job": name}} for name in ("broken", "texts", "session")],
        }
        daemon = run_daemon(config)
        await daemon.up()
        for name in ("broken", "session"):
            await daemon.logged("source.unreachable", source=name)
        await daemon.logged("job.failed", source="texts")
        await daemon.delivered()
        answers = _all_answers(daemon.url)
    let_out = {"answers": answers, "hooks": b"".join(body for bodies in hook.bodies.values() for body in bodies)}
    let_out |= {file.name: file.read_bytes() for file in daemon.folder.iterdir() if file != daemon.config}
    assert {"life-000.log", "jobwatchd.db"} <= let_out.keys()
    assert all(b"********" in content for name, content in let_out.items() if not name.startswith("jobwatchd.db"))
    secrets = ("planted-", PASSWORD, b64encode(token.encode()).decode()[:12])
    assert [(name, each) for name, content in let_out.items() for each in secrets if each.encode() in content] == []


def _all_answers(url: str) -> bytes:
    return b"".join(httpx.get(f"{url}{path}", trust_env=False, timeout=30).content for path in PATHS)


class _NoApis:
    """What the configuration of the simulated APIs would want to know."""

    nebula = telestream = "http://127.0.0.1:9"


async def _echoing_api(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the headers of the request, in an error or, for `texts`, in a job."""
    sent = dict(scope["headers"])[b"authorization"].decode() if scope["path"] != "/login" else ""
    status, body = (
        500,
        {"error": "out of order", "you": {"authorization": sent, "base64": b64encode(sent.encode()).decode()}},
    )
    if scope["path"] == "/login":
        status, body = 200, {"token": "planted-by-the-login-8d21"}
    if scope["path"] == "/texts":
        status, body = 200, {"state": "failed", "name": f"job of {sent}", "error": f"Authorization: {sent}"}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
