"""What was acknowledged is there after `kill -9`."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from itertools import islice

from jobwatchd.model.query import EventQuery, WatchQuery
from jobwatchd.model.watch import WatchSpec
from jobwatchd.stores.sql import SqlStore

# Each line names events of a commit that was acknowledged: two jobs that take a step together, again and again.
WRITER = """
import anyio, sys
from datetime import UTC, datetime
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.transition import advance
from jobwatchd.model.watch import WatchSpec
from jobwatchd.stores.sql import SqlStore

async def main():
    store = SqlStore(sys.argv[1])
    await store.open()
    now = datetime.now(UTC)
    added = await store.add_watches([WatchSpec(JobReference("graph", job)) for job in "ab"], now)
    watches = [watch for watch, _ in added]
    print("ready", flush=True)
    while True:
        state = State.QUEUED if watches[0].state is State.RUNNING else State.RUNNING
        steps = [advance(watch, Observation(state, "x"), now) for watch in watches]
        await store.commit(steps, (), lambda _: ["hook"], now)
        print(*(event.id for step in steps for event in step.events), flush=True)
        watches = [step.watch for step in steps]

anyio.run(main)
"""


def write_and_kill(url: str, commits: int) -> list[str]:
    """Let a process commit, kill it after so many acknowledgements, and return the ids of all events it reported."""
    command = [sys.executable, "-I", "-c", WRITER, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = list(islice(writer.stdout, commits + 1))
        writer.kill()
        lines += writer.stdout.readlines()
    return [event_id for line in lines[1:] if line.endswith("\n") for event_id in line.split()]


async def test_every_acknowledged_commit_survives_a_kill(url: str) -> None:
    """Events, deliveries and watches agree with each other, and nothing that was reported is missing."""
    acknowledged: list[str] = []
    for commits in (1, 20, 57):
        acknowledged += write_and_kill(url, commits)
    store = SqlStore(url)
    await store.open()
    stored = [it.event for it in await store.list_events(EventQuery(limit=100_000))]
    assert set(acknowledged) <= {event.id for event in stored}
    assert len(acknowledged) >= 2 * (1 + 20 + 57)
    # A commit that was not reported may be there as well, but then it is there whole.
    deliveries = await store.pending_deliveries("hook", 0, 100_000)
    assert [delivery.event for delivery in deliveries] == stored
    for record in await store.list_watches(WatchQuery()):
        own = [event.sequence for event in stored if event.watch_id == record.watch.id]
        assert own == list(range(1, record.watch.sequence + 1))
    assert len({record.watch.version for record in await store.list_watches(WatchQuery())}) == 1
    await store.close()


async def test_a_closed_store_opens_as_it_was(url: str, specs: Callable[[int], list[WatchSpec]], now: datetime) -> None:
    """A clean stop leaves one file, with everything in it."""
    store = SqlStore(url)
    await store.open()
    added = [watch for watch, _ in await store.add_watches(specs(10), now)]
    await store.close()
    await store.open()
    assert [record.watch for record in await store.list_watches(WatchQuery())] == added
    await store.close()
