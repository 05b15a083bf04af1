"""A store that cannot be used for a while is asked again."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime

import anyio
import pytest

from jobwatchd.engine.retrying_store import RetryingStore
from jobwatchd.errors import StoreBusy, StoreFull, StoreUnusable
from jobwatchd.model.watch import Origin, Watch
from jobwatchd.ports import STORE_PATIENCE_S, Store
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import START
from unit.engine.outage.failing_store import FailingStore
from unit.engine.rig import Rig


def logged(rig: Rig) -> list[tuple[str, object]]:
    """Return the lines that were logged about the store, each with the one fact that matters."""
    return [
        (entry["event"], entry.get("reason", entry.get("after_s")))
        for entry in rig.log.entries
        if entry["event"].startswith("store.")
    ]


async def test_a_call_is_made_again_until_it_succeeds(rig: Rig, failing: FailingStore, store: RetryingStore) -> None:
    """Whoever made it knows of nothing; one line says that it begins, one that it is over, and the gauge what is."""
    failing.trouble = StoreBusy("locked")
    async with rig.running(store.check):
        await rig.clock.advance(60)
        assert rig.metric("jobwatchd_store_up") == 0
        failing.trouble = None
        await rig.clock.advance(1)
        assert failing.tries > 60
        assert rig.metric("jobwatchd_store_up") == 1
        assert rig.metric("jobwatchd_store_errors_total", reason="busy") == failing.tries - 1
    [(begun, reason), (ended, after_s)] = logged(rig)
    assert (begun, reason, ended) == ("store.unavailable", "busy", "store.available")
    assert 60 < float(str(after_s)) <= 61


async def test_the_end_of_an_outage_is_noticed_within_a_second(
    rig: Rig, failing: FailingStore, store: RetryingStore
) -> None:
    """However long it lasted, and with the worst of luck."""
    rig.luck = 1.0
    failing.trouble = StoreFull("full")
    async with rig.running(store.check):
        await rig.clock.advance(600)
        failing.trouble = None
        await rig.clock.advance(1)
        assert rig.metric("jobwatchd_store_up") == 1


async def test_an_outage_lasts_as_long_as_anybody_waits(rig: Rig, failing: FailingStore, store: RetryingStore) -> None:
    """A second call that fails is no second outage, and one that is called off does not end it."""
    failing.trouble = StoreFull("full")
    async with rig.running(store.check):
        await rig.clock.advance(5)
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(store.open)
                await rig.clock.advance(5)
                scope.cancel()
        await rig.clock.advance(5)
        assert rig.heartbeats.outages() == ["full"]
        assert logged(rig) == [("store.unavailable", "full")]
        failing.trouble = None
        await rig.clock.advance(1)
        assert rig.heartbeats.outages() == []
        assert len(logged(rig)) == 2


@pytest.mark.parametrize("after_s", [0, 30])
async def test_what_does_not_pass_is_raised(
    rig: Rig, failing: FailingStore, store: RetryingStore, after_s: int
) -> None:
    """At once, or as soon as waiting turns out to be in vain."""
    failing.trouble = StoreBusy("locked") if after_s else StoreUnusable("damaged")
    with pytest.raises(ExceptionGroup) as caught:
        await broken_later(rig, failing, store, after_s)
    assert caught.group_contains(StoreUnusable, match="damaged")


async def broken_later(rig: Rig, failing: FailingStore, store: RetryingStore, after_s: int) -> None:
    """Have a call wait, and then meet what does not pass."""
    async with rig.running(store.check):
        await rig.clock.advance(after_s)
        failing.trouble = StoreUnusable("damaged")
        await rig.clock.advance(1)


async def test_a_request_has_only_so_much_patience(rig: Rig, failing: FailingStore, store: RetryingStore) -> None:
    """It is told why, and that it asked says nothing about whether anything waits."""
    failing.trouble = StoreFull("the disk is full")
    STORE_PATIENCE_S.set(0.05)
    with pytest.raises(StoreFull, match="the disk is full"):
        await store.check()
    assert failing.tries == 1
    assert (rig.heartbeats.outages(), logged(rig)) == ([], [])
    assert rig.metric("jobwatchd_store_up") == 1
    assert rig.metric("jobwatchd_store_errors_total", reason="full") == 1


class TornStore(MemoryStore):
    """A memory store whose reading of all watches breaks off once, after the first two batches of two."""

    def __init__(self) -> None:
        super().__init__()
        self.torn = False

    async def load_watches(
        self, shards: Collection[int] | None, ended_after: datetime | None, origin: Origin | None = None
    ) -> AsyncIterator[Sequence[Watch]]:
        """Yield in batches, and break off."""
        assert (shards, ended_after, origin) == (None, START, Origin.FILE)
        watches = [record.watch for record in self._watches.values()]
        for start in range(0, len(watches), 2):
            if start == 4 and not self.torn:
                self.torn = True
                raise StoreBusy("locked")
            yield watches[start : start + 2]


async def test_loading_that_broke_off_goes_on_where_it_was(
    rig: Rig, retrying: Callable[[Store], RetryingStore]
) -> None:
    """Every watch comes once."""
    below = TornStore()
    store = retrying(below)
    rig.use(below)
    added = await rig.add("graph", *"abcdefg")
    loaded: list[Watch] = []

    async def load() -> None:
        async for batch in store.load_watches(None, rig.clock.now(), Origin.FILE):
            loaded.extend(batch)

    async with rig.running(load):
        await rig.clock.advance(1)
    assert below.torn
    assert loaded == added
