"""A task per job, one `httpx.AsyncClient` with its own defaults: the script that anyone writes."""

import asyncio

import httpx

from bench.competitors.meter import HEADERS, Meter, run, sleep_until


async def poll_all(meter: Meter) -> None:
    """Poll every job in a task of its own."""
    async with httpx.AsyncClient(headers=HEADERS, timeout=30) as client:
        tasks = [asyncio.create_task(_poll(client, url, due_s, meter)) for url, due_s in meter.urls()]
        await meter.measure()
        await asyncio.gather(*tasks)


async def _poll(client: httpx.AsyncClient, url: str, due_s: float, meter: Meter) -> None:
    while True:
        await sleep_until(due_s)
        meter.began(due_s)
        answer = await client.get(url)
        if answer.json()["data"]["status"] not in {0, 1, 5}:
            return
        meter.ended()
        due_s += meter.interval_s


if __name__ == "__main__":
    run(poll_all, asyncio.new_event_loop)
