"""A task per job, one `aiohttp.ClientSession`; with `--frozen` the garbage collector leaves the tasks alone."""

import asyncio
import gc

import aiohttp

from bench.competitors.meter import HEADERS, Meter, run, sleep_until


async def poll_all(meter: Meter) -> None:
    """Poll every job in a task of its own."""
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        tasks = [asyncio.create_task(_poll(session, url, due_s, meter)) for url, due_s in meter.urls()]
        if meter.frozen:
            await asyncio.sleep(0)
            gc.collect()
            gc.freeze()
            gc.set_threshold(100_000, 50, 1000)
        await meter.measure()
        await asyncio.gather(*tasks)


async def _poll(session: aiohttp.ClientSession, url: str, due_s: float, meter: Meter) -> None:
    while True:
        await sleep_until(due_s)
        meter.began(due_s)
        async with session.get(url) as answer:
            job = await answer.json()
        if job["data"]["status"] not in {0, 1, 5}:
            return
        meter.ended()
        due_s += meter.interval_s


if __name__ == "__main__":
    run(poll_all, asyncio.new_event_loop)
