"""Workers fed by one schedule, pyreqwest on uvloop: the least that a poller built as the daemon is could cost."""

import asyncio
import gc
from collections import deque

import orjson
import uvloop
from pyreqwest.client import Client, ClientBuilder

from bench.competitors.meter import HEADERS, Meter, run, sleep_until

WORKERS = 64
Schedule = deque[tuple[float, str]]


async def poll_all(meter: Meter) -> None:
    """Poll all jobs with a few workers; one interval for all, so a queue is schedule enough."""
    schedule: Schedule = deque((due_s, url) for url, due_s in meter.urls())
    async with ClientBuilder().default_headers(HEADERS).gzip(enable=False).build() as client:
        gc.collect()
        gc.freeze()
        workers = [asyncio.create_task(_work(client, schedule, meter)) for _ in range(WORKERS)]
        await meter.measure()
        await asyncio.gather(*workers)


async def _work(client: Client, schedule: Schedule, meter: Meter) -> None:
    while schedule:
        due_s, url = schedule.popleft()
        await sleep_until(due_s)
        meter.began(due_s)
        answer = await client.get(url).build().send()
        body = (await answer.bytes()).to_bytes()
        meter.ended()
        if orjson.loads(body)["data"]["status"] in {0, 1, 5}:
            schedule.append((due_s + meter.interval_s, url))


if __name__ == "__main__":
    run(poll_all, uvloop.new_event_loop)
