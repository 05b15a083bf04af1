"""Telestream UP's answers: job detail, and the jobs summary of a workflow.

Source: the vendor's "Get particular Workflow Job Details" and its page of the workflow's jobs summary.
"""

import time
from collections import Counter
from datetime import UTC, datetime

from bench.server.connection import response
from bench.server.script import QUEUED, RUNNING, SUCCEEDED, Script, epoch_s

SPACE = "d290f1ee-6c54-4b01-90e6-d701748f0851"
FIRST_WORKFLOW = 0xE3C9_0000
WORDS = {QUEUED: b"created", RUNNING: b"in-process", SUCCEEDED: b"succeeded"}
PARTS = 6

_JOB = (
    b'{"id":"%032x","name":"Bench job","workflow_id":"%b","workflow_name":"Bench","progress":%d,"state":"%b",'
    b'"workflow_version":"1","created_at":"%b","updated_at":"%b","elapsed_time":%b}'
)
_SUMMARY = (
    b'{"waiting_job_count":%d,"in_process_job_count":%d,"completed_job_count":%d,"failed_job_count":0,'
    b'"stopped_job_count":0,"total_job_count":%d,"activation_date":null,"last_used_date":null}'
)
_REFUSED = response(b'{"error":"unauthorized"}', b"401 Unauthorized")
_NOT_FOUND = response(b'{"error":"not found"}', b"404 Not Found")


class Telestream:
    """Answers requests by the script; `counts` counts them by kind. Workflows and jobs are numbered in hexadecimal."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self.begin(Script())

    def begin(self, script: Script) -> None:
        """Answer by another script from now on."""
        self.script = script

    def answer(self, target: bytes, head: bytes, _body: bytes) -> bytes:
        """Return the response to `/<space>/workflows/<workflow>/jobs/<job or summary>`."""
        parts = target.split(b"/")
        if len(parts) != PARTS or parts[2] != b"workflows" or parts[4] != b"jobs":
            return _NOT_FOUND
        if b"uthorization: Bearer " not in head:
            return _REFUSED
        try:
            workflow = int(parts[3], 16) - FIRST_WORKFLOW
            if parts[5] == b"summary":
                self._counts["summary"] += 1
                return self._summary(workflow)
            self._counts["job"] += 1
            return self._job(int(parts[5], 16), parts[3])
        except ValueError:
            return _NOT_FOUND

    def _job(self, index: int, workflow: bytes) -> bytes:
        script = self.script
        if not 0 <= index < script.jobs:
            return _NOT_FOUND
        status = script.status(index, time.monotonic())
        changed_s = {QUEUED: script.start_s, RUNNING: script.began_s(index), SUCCEEDED: script.ended_s(index)}[status]
        elapsed = b'"0:00:%07.4f"' % (changed_s - script.start_s) if status == SUCCEEDED else b"null"
        created_at, updated_at = _iso(script.start_s), _iso(changed_s)
        progress = 100 if status == SUCCEEDED else 0
        return response(_JOB % (index, workflow, progress, WORDS[status], created_at, updated_at, elapsed))

    def _summary(self, workflow: int) -> bytes:
        if not 0 <= workflow < self.script.workflows:
            return _NOT_FOUND
        now_s = time.monotonic()
        indexes = range(workflow, self.script.jobs, self.script.workflows)
        seen = Counter(self.script.status(index, now_s) for index in indexes)
        return response(_SUMMARY % (seen[QUEUED], seen[RUNNING], seen[SUCCEEDED], len(indexes)))


def _iso(instant_s: float) -> bytes:
    return datetime.fromtimestamp(epoch_s(instant_s), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()
