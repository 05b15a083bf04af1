"""Arguments, pinning and measuring, the same for all polling loops."""

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

HEADERS = {"Cookie": "explorer_token=bench", "Content-Type": "application/json"}
FIRST_JOB = 10_000_000


@dataclass(slots=True)
class Meter:
    """Counts polls that end within the window, and how long after its due time each began."""

    jobs: int
    interval_s: float
    base_url: str
    warmup_s: float
    window_s: float
    frozen: bool = False
    measuring: bool = False
    polls: int = 0
    lateness_s: list[float] = field(default_factory=list)

    def urls(self) -> Iterator[tuple[str, float]]:
        """Yield each job's URL and when it is due first: spread evenly over one interval."""
        now_s = time.monotonic()
        for index in range(self.jobs):
            url = f"{self.base_url}/api-open/v1/jobs/{FIRST_JOB + index}"
            yield url, now_s + self.interval_s * index / self.jobs

    def began(self, due_s: float) -> None:
        """Note that a poll begins."""
        if self.measuring:
            self.lateness_s.append(time.monotonic() - due_s)

    def ended(self) -> None:
        """Note that a poll has its answer."""
        if self.measuring:
            self.polls += 1

    async def measure(self) -> None:
        """Wait for the warm-up, measure for the window, print, and end the process."""
        await asyncio.sleep(self.warmup_s)
        self.measuring, cpu_s, begun_s = True, _cpu_s(), time.monotonic()
        await asyncio.sleep(self.window_s)
        self.measuring, cpu_s, took_s = False, _cpu_s() - cpu_s, time.monotonic() - begun_s
        late = sorted(self.lateness_s) or [float("inf")]
        reading = {
            "polls_per_s": self.polls / took_s,
            "p50_s": late[len(late) // 2],
            "p99_s": late[int(len(late) * 0.99)],
            "cpu_us_per_poll": 1e6 * cpu_s / max(1, self.polls),
            "core": cpu_s / took_s,
        }
        sys.stdout.write(f"{json.dumps(reading)}\n")
        sys.stdout.flush()
        os._exit(0)  # thousands of tasks are under way; to end them one by one measures nothing


def run(script: Callable[[Meter], Awaitable[None]], loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Read the arguments, pin the process, and run `script` while it is measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--interval", type=float, required=True)
    parser.add_argument("--warmup", type=float, required=True)
    parser.add_argument("--window", type=float, required=True)
    parser.add_argument("--core", type=int)
    parser.add_argument("--frozen", action="store_true")
    given = parser.parse_args()
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    meter = Meter(given.jobs, given.interval, given.base_url, given.warmup, given.window, given.frozen)
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(script(meter))  # type: ignore[arg-type]


async def sleep_until(due_s: float) -> None:
    """Sleep until a monotonic instant; what is due already begins at once."""
    delay_s = due_s - time.monotonic()
    if delay_s > 0:
        await asyncio.sleep(delay_s)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
