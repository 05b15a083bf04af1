"""`jobwatchd probe` and `check-source` as a person uses them: the real process against a real API."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import CompletedProcess, run
from threading import Thread
from typing import Any

import pytest
import yaml

PASSWORD, TOKEN = "planted-password-1", "planted-session-token-2"
DESCRIPTION: dict[str, Any] = {
    "parameters": ["job_id"],
    "numeric": ["job_id"],
    "request": {"path": "/jobs/{job_id}"},
    "auth": {
        "kind": "json-login",
        "login": {"method": "POST", "path": "/login", "body": {"user": "{username}", "pass": "{password}"}},
        "token": "token",
    },
    "read": {
        "id": "id",
        "state": "status",
        "name": "title",
        "started_at": {"expression": "begun", "format": "epoch_s"},
        "tasks": {"items": "steps", "id": "id", "state": "status"},
    },
    "states": {"RUNNING": "running", "DONE": "succeeded"},
}
JOBS: dict[str, dict[str, Any]] = {
    "/jobs/1": {
        "id": 1,
        "status": "RUNNING",
        "title": "scene",
        "begun": 1700000000,
        "steps": [{"id": "a", "status": "DONE"}],
    },
    "/jobs/2": {"id": 2, "status": "PONDERING", "title": f"of {PASSWORD} and {TOKEN}", "begun": None, "steps": []},
    "/jobs/3": {"id": 3, "status": ["RUNNING"], "title": "odd", "begun": None, "steps": []},
}


@dataclass
class Api:
    """An API that wants a login, and says in job 2 what it should not."""

    folder: Path
    url: str
    refused: set[str] = field(default_factory=set)

    def command(self, *arguments: str) -> "CompletedProcess[str]":
        """Run a command to its end, with a configuration for this API."""
        config = self.folder / "jobwatchd.yaml"
        source = {"kind": "http-json", "base_url": self.url, "username": "me", "password": PASSWORD, **DESCRIPTION}
        config.write_text(yaml.safe_dump({"sources": {"farm": source}}))
        command = [sys.executable, "-Im", "jobwatchd", *arguments]
        return run(command, check=False, capture_output=True, text=True, cwd=self.folder)

    def probe(self, *arguments: str) -> "CompletedProcess[str]":
        """Run `jobwatchd probe`."""
        return self.command("probe", "-c", "jobwatchd.yaml", "farm", *arguments)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """Serve three jobs to who has logged in."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, status: int, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["content-length"])))
            good = given == {"user": "me", "pass": PASSWORD} and "login" not in refused
            self._answer(200 if good else 401, {"token": TOKEN} if good else {"you sent": PASSWORD})

        def do_GET(self) -> None:
            if self.headers["authorization"] != f"Bearer {TOKEN}":
                self._answer(401, {})
            else:
                self._answer(200 if self.path in JOBS else 404, JOBS.get(self.path, {"why": "no such job"}))

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    refused: set[str] = set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Api(tmp_path, f"http://127.0.0.1:{server.server_port}", refused)
    finally:
        server.shutdown()
        server.server_close()


def test_a_probe_shows_what_was_found_beside_what_it_means(api: Api) -> None:
    """Per key: the expression, what it found, what it was read as; below them the answer."""
    done = api.probe("1")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert ["state", "status", '"RUNNING"', "running"] in lines
    assert ["started_at", "begun", "1700000000", "2023-11-14T22:13:20Z"] in lines
    assert ["tasks", "steps", '[{"id":"a","status":"DONE"}]', "1:", "a", "succeeded"] in lines
    assert json.loads(done.stdout[done.stdout.index("\n{") :]) == JOBS["/jobs/1"]


def test_an_unmapped_word_is_shown_and_is_a_failure(api: Api) -> None:
    """A job was read, but what its state means is not known."""
    done = api.probe("2")
    assert (done.returncode, "unmapped" in done.stdout) == (1, True)


def test_no_secret_is_shown_or_recorded(api: Api) -> None:
    """Neither the configured one nor the one that a login brought, though the API repeats both."""
    record = api.folder / "answer.json"
    done = api.probe("2", "--record", str(record))
    everything = done.stdout + done.stderr + record.read_text()
    assert "PONDERING" in everything
    assert [secret for secret in (PASSWORD, TOKEN) if secret in everything] == []


def test_a_refused_login_is_told_without_its_answer(api: Api) -> None:
    """What a login answers is no answer for a job, and may hold anything."""
    api.refused.add("login")
    done = api.probe("1")
    assert (done.returncode, "unauthorized: the credentials were refused" in done.stdout) == (77, True)
    assert "sources.farm.username and sources.farm.password" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize(("job", "says", "status"), [("3", "bad_payload: ", 1), ("4", "not_found: ", 4)])
def test_what_cannot_be_read_is_told_with_its_reason(api: Api, job: str, says: str, status: int) -> None:
    """An odd answer and a missing job are shown, and have statuses of their own."""
    done = api.probe(job)
    assert (done.returncode, says in done.stdout) == (status, True)


def test_a_job_that_is_none_is_a_usage_error(api: Api) -> None:
    """Nothing is asked."""
    done = api.probe("x")
    assert (done.returncode, "job_id" in done.stderr) == (2, True)


@pytest.mark.slow
def test_recorded_answers_are_read_again(api: Api) -> None:
    """What `probe --record` saved, a missing job too, `check-source` reads by the same description."""
    for job in ("1", "2", "4"):
        api.probe(job, "--record", f"{job}.json")
    done = api.command("check-source", "jobwatchd.yaml", "--against", "1.json", "4.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [
        ["1.json", "running", "RUNNING"],
        ["4.json", "not_found", "-"],
    ]
    done = api.command("check-source", "jobwatchd.yaml", "--against", "1.json", "2.json")
    assert (done.returncode, "'PONDERING' is in no map" in done.stdout) == (1, True)
