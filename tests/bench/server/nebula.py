"""NebulaGraph Explorer's answers: connect, job detail, and the two lists.

Source: the vendor's "Workflow API overview", "Query details for a specified job", "Get a list of all jobs", "Get a list
of jobs for a specified workflow".
"""

import time
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import orjson

from bench.server.connection import response
from bench.server.script import FIRST_JOB, QUEUED, SUCCEEDED, TASK_ID, Script, epoch_s

PREFIX = b"/api-open/v1/"
JOB = b"/api-open/v1/jobs/"
WORKFLOWS = "/api-open/v1/workflows/"
FIRST_WORKFLOW = 3_000_000_000
QUEUED_FOR_MS = 2_495

_FIELDS = (
    b'"id":%d,"name":"workflow_bench_%d","workflowId":"%d","workflowName":"workflow_bench","status":%d,%b'
    b'"runBeginTime":%d,"runEndTime":%d,"createTime":%d'
)
_TASKS = b'"tasks":[{"id":"%b","name":"BFS","runBeginTime":"2022-07-12T10:33:35+08:00","status":1}],' % TASK_ID.encode()
_ENVELOPE = b'{"code":0,"data":%b,"message":"Success"}'
# As long as a real one: a word that stands in every line of the log would have each gone through.
_COOKIE = b"Set-Cookie: explorer_token=2f9d1c7e5b8a4360; Path=/; Max-Age=259200; HttpOnly\r\n"
_CONNECTED = response(_ENVELOPE % b"{}", headers=_COOKIE)
_REFUSED = response(b'{"code":40104001,"message":"ErrSession"}', b"401 Unauthorized")
_NOT_FOUND = response(b'{"code":40404000,"message":"ErrNotFound"}', b"404 Not Found")
_BAD_PARAMETER = response(b'{"code":40004001,"message":"ErrParam"}', b"400 Bad Request")


class Nebula:
    """Answers requests by the script; `counts` counts them by kind."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._serial = 0
        self.begin(Script())

    def begin(self, script: Script) -> None:
        """Answer by another script from now on."""
        self.script = script
        self._constant = None if script.rate or script.fresh else self._constant_response()

    def answer(self, target: bytes, head: bytes, _body: bytes) -> bytes:
        """Return the response to a request whose target begins with `PREFIX`."""
        if target.startswith(JOB):
            if b"explorer_token=" not in head:
                return _REFUSED
            self._counts["job"] += 1
            return self._job(target)
        if target == b"/api-open/v1/connect":
            self._counts["connect"] += 1
            return _CONNECTED
        if b"explorer_token=" not in head:
            return _REFUSED
        self._counts["list"] += 1
        return self._list(target.decode("ascii"))

    def _job(self, target: bytes) -> bytes:
        number = target[len(JOB) :]
        index = int(number) - FIRST_JOB if number.isdigit() else -1
        if not 0 <= index < self.script.jobs:
            return _NOT_FOUND
        tasks = _TASKS if self.script.tasks else b'"tasks":[],'
        if self._constant is not None:
            shown = FIRST_JOB + index
            return self._constant % (shown, shown, FIRST_WORKFLOW + index % self.script.workflows)
        if self.script.fresh:
            self._serial += 1
            tasks += b'"traceId":"%012d",' % self._serial
        return response(_ENVELOPE % (b"{%b}" % self._fields(index, time.monotonic(), tasks)))

    def _constant_response(self) -> bytes:
        """Return the response of a job that never changes, with places for its two numbers and its workflow's."""
        tasks = _TASKS if self.script.tasks else b'"tasks":[],'
        fields = self._fields(0, 0.0, tasks).replace(b"%", b"%%")
        number = b"%d" % FIRST_JOB
        # All numbers have the same width, so the length of the body is the same for all jobs.
        whole = response(_ENVELOPE % (b"{%b}" % fields))
        return whole.replace(number, b"%d").replace(b"%d" % FIRST_WORKFLOW, b"%d")

    def _fields(self, index: int, now_s: float, tasks: bytes) -> bytes:
        script = self.script
        status = script.status(index, now_s)
        begun_ms = int(epoch_s(script.began_s(index)) * 1000)
        number = FIRST_JOB + index
        return _FIELDS % (
            number,
            number,
            FIRST_WORKFLOW + index % script.workflows,
            status,
            tasks,
            0 if status == QUEUED else begun_ms,
            int(epoch_s(script.ended_s(index)) * 1000) if status == SUCCEEDED else 0,
            int(epoch_s(script.start_s) * 1000) - QUEUED_FOR_MS if script.rate else begun_ms - QUEUED_FOR_MS,
        )

    def _list(self, target: str) -> bytes:
        split = urlsplit(target)
        indexes = self._listed(split.path)
        if indexes is None:
            return _NOT_FOUND
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        now_s = time.monotonic()
        try:
            wanted = orjson.loads(query.get("filter", "{}"))
            if "status" in wanted:
                indexes = [index for index in indexes if self.script.status(index, now_s) == wanted["status"]]
            if wanted.get("orderByCreateTime", "desc") == "desc":
                indexes = indexes[::-1]
            size, number = int(query.get("pageSize", "10")), int(query.get("page", "1"))
        except ValueError:
            return _BAD_PARAMETER
        if not set(wanted) <= {"status", "orderByCreateTime"}:
            return _BAD_PARAMETER  # a filter that is not obeyed would be a wrong answer
        page = indexes[(number - 1) * size : number * size]
        self._counts["entries"] += len(page)
        items = b",".join([b"{%b}" % self._fields(index, now_s, b"") for index in page])
        data = b'{"items":[%b],"total":%d,"Page":%d,"PageSize":%d}' % (items, len(indexes), number, size)
        return response(_ENVELOPE % data)

    def _listed(self, path: str) -> range | list[int] | None:
        """Return the jobs of the list at `path`, the oldest first; None where there is no such list."""
        if path == "/api-open/v1/jobs":
            return range(self.script.jobs)
        number = path.removeprefix(WORKFLOWS).removesuffix("/jobs")
        first = int(number) - FIRST_WORKFLOW if number.isdigit() else -1
        if not 0 <= first < self.script.workflows:
            return None
        return range(first, self.script.jobs, self.script.workflows)
