# ruff: noqa: INP001
"""Submits a remote job, has the sidecar watch it, and ends as the job ends.

Needs nothing but Python's standard library. Exit status: 0 succeeded, 1 failed, 3 cancelled, 4 lost.
"""

import json
import os
import sys
import urllib.request
from typing import Any

SIDECAR = os.environ.get("SIDECAR_URL", "http://127.0.0.1:25629")
SOURCE = os.environ.get("SOURCE", "graph")
STATUS = {"job.succeeded": 0, "job.failed": 1, "job.cancelled": 3, "job.lost": 4}


def call(url: str, body: Any = None) -> Any:
    """Return the JSON that answers a GET, or a POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def submit() -> str:
    """Begin a job, and return its id; this part is yours."""
    answer = call(os.environ["SUBMIT_URL"], json.loads(os.environ["SUBMIT_BODY"]))
    return str(answer["keys"][0])


def wait(watch_id: int) -> str:
    """Return how the job ended, and say what happens meanwhile."""
    position = 0
    while True:
        events = call(f"{SIDECAR}/v1/events?watch_id={watch_id}&after={position}&wait=30s")["items"]
        for event in events:
            position = event["position"]
            print(event["observed_at"], event["type"], flush=True)  # noqa: T201 - this is its log
            if event["type"] in STATUS:
                return str(event["type"])


def main() -> int:
    """Submit, watch, wait."""
    job_id = submit()
    watch = call(f"{SIDECAR}/v1/watches", {"source": SOURCE, "job": {"job_id": job_id}})
    print("watching", watch["key"], flush=True)  # noqa: T201
    return STATUS[wait(watch["id"])]


if __name__ == "__main__":
    sys.exit(main())
