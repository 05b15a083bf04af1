"""A webhook receiver, in the test's process, that does not take the events of some jobs."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio.abc import TaskStatus
from starlette.requests import Request
from starlette.responses import Response

from jobwatchd.simulator.server import serve


@dataclass
class Receiver:
    """Takes events, by subject in `taken`; those of `poisoned` subjects meet `status`, or silence where it is 0.

    `headers` come with that status.
    """

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    poisoned: set[str] = field(default_factory=set)
    tries: Counter[str] = field(default_factory=Counter)
    taken: dict[str, list[str]] = field(default_factory=dict)
    url: str = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        event = json.loads(await Request(scope, receive).body())
        subject = event["subject"]
        self.tries[subject] += 1
        status = 200
        if subject in self.poisoned:
            if self.status == 0:
                await anyio.sleep(3600)
            status = self.status
        else:
            self.taken.setdefault(subject, []).append(event["type"].split(".", 2)[2].removesuffix(".v1"))
        await Response(status_code=status, headers=self.headers if status != 200 else None)(scope, receive, send)

    async def run(self, *, task_status: TaskStatus[None]) -> None:
        """Listen."""
        async with serve(self) as url:
            self.url = url
            task_status.started()
            await anyio.sleep_forever()

    def has_ended(self, *subjects: str) -> bool:
        """Whether the ends of all these jobs were taken."""
        return all("job.succeeded" in self.taken.get(subject, ()) for subject in subjects)
