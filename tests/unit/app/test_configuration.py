"""Going over from one configuration to another: whole, or not at all."""

from collections.abc import Callable, Sequence
from typing import Any

import anyio

from jobwatchd.model.watch import Watch, WatchSpec
from jobwatchd.stores.memory import MemoryStore
from unit.app.desk import Desk, text

SUCCESSFUL = "jobwatchd_config_last_reload_successful"
SUCCESS_TIME = "jobwatchd_config_last_reload_success_timestamp_seconds"
HOOK = "{prometheus: {kind: metrics}, hook: {kind: log}}"


async def test_a_start_is_in_force(desk: Desk) -> None:
    """The metrics say so from the start."""
    async with desk.running(text("graph")):
        assert desk.configuration.state.is_good
        assert desk.metric(SUCCESSFUL) == 1
        assert desk.metric(SUCCESS_TIME) == desk.configuration.state.loaded_at.timestamp()


async def test_nothing_is_shown_of_a_source_that_is_gone(desk: Desk) -> None:
    """No metric has it any more, whatever it counted; what is shown of the other one stays."""
    async with desk.running(text("graph", "media")) as tasks:
        desk.dependencies.telemetry.polls_failed.labels("media", "unavailable").inc()
        assert desk.shown("source") == {"graph", "media"}
        before = desk.count("jobwatchd_polls_total", source="graph", mode="single")
        await desk.reload(tasks, text("graph"))
        assert desk.shown("source") == {"graph"}
        assert "lane media" not in desk.shown("loop")
        assert desk.count("jobwatchd_polls_total", source="graph", mode="single") >= before
    assert desk.adapters.now["media"].closed


async def test_a_source_that_comes_back_starts_afresh(desk: Desk) -> None:
    """Its counters begin at nothing, and count again, those of the metrics sink too."""
    async with desk.running(text("graph", "media")) as tasks:
        transitions = {"source": "media", "to": "running"}
        assert desk.metric("jobwatchd_transitions_total", **transitions) == 1
        await desk.reload(tasks, text("graph"))
        assert desk.metric("jobwatchd_transitions_total", **transitions) is None
        desk.file.write_text(text("graph", "media", jobs=2))
        await desk.reloader._reload(tasks)
        assert desk.metric("jobwatchd_transitions_total", **transitions) == 0
        await desk.clock.advance(10)
        assert desk.metric("jobwatchd_transitions_total", **transitions) == 2
        assert desk.metric("jobwatchd_source_up", source="media") == 1


async def test_nothing_is_shown_of_a_sink_that_is_gone(desk: Desk) -> None:
    """No metric has it any more, and none comes back with the next round of housekeeping."""
    async with desk.running(text("graph", sinks=HOOK)) as tasks:
        assert "hook" in desk.shown("sink")
        await desk.reload(tasks, text("graph"))
        await desk.clock.advance(60)
        assert "hook" not in desk.shown("sink")
        assert "sink hook" not in desk.shown("loop")
    assert desk.adapters.now["hook"].closed


async def test_what_cannot_be_built_changes_nothing(desk: Desk) -> None:
    """What was built before is closed again, the reason is told without secrets, and the polls go on."""
    async with desk.running(text("graph")) as tasks:
        desk.adapters.broken = {"media"}
        before = desk.configuration.state
        source = desk.adapters.polled("graph")
        await desk.reload(tasks, text("graph", "other", "media", labels="{team: search}"))
        state = desk.configuration.state
        assert state.problems == ("sources.media: cannot be built with ********",)
        assert (state.loaded_at, state.is_good) == (before.loaded_at, False)
        assert (desk.metric(SUCCESSFUL), desk.metric(SUCCESS_TIME)) == (0, before.loaded_at.timestamp())
        assert set(desk.engine.watchlist.lanes) == {"graph"}
        assert [watch.labels for watch in desk.engine.watchlist.lanes["graph"].watches()] == [{}]
        polls = len(source.polls)
        await desk.clock.advance(100)
        assert len(source.polls) > polls
        desk.adapters.broken = set()
        await desk.reload(tasks)
        assert desk.configuration.state.is_good
        assert desk.metric(SUCCESSFUL) == 1
        assert desk.count(SUCCESS_TIME) > before.loaded_at.timestamp()
    other, again = (each for each in desk.adapters.built if each.name == "other")
    assert (other.closed, other is again) == (True, False)
    assert desk.events().count("reload.refused") == 1


async def test_a_file_that_cannot_be_read_is_told(desk: Desk) -> None:
    """Every mistake of it."""
    async with desk.running(text("graph")) as tasks:
        await desk.reload(tasks, "sources: {graph: {kind: nothing}}\nwatch: []\n")
        problems = desk.configuration.state.problems
        assert len(problems) == desk.events().count("reload.refused") == 2
        assert desk.configuration.state.summary() == (f"the configuration is not in force: {problems[0]} (and 1 more)")


class HeldStore(MemoryStore):
    """A store that amends when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = anyio.Event()

    async def amend_watches(self, changes: Sequence[tuple[Watch, WatchSpec]]) -> Sequence[Watch]:
        """Wait, then amend."""
        await self.go_on.wait()
        return await super().amend_watches(changes)


async def test_a_change_that_waits_is_not_in_force_yet(make_desk: Callable[..., Any]) -> None:
    """While the store holds it up that is told; then it is in force as a whole."""
    desk = make_desk(HeldStore())
    async with desk.running(text("graph")) as tasks:
        desk.file.write_text(text("graph", "media", labels="{team: search}"))
        tasks.start_soon(desk.reloader._reload, tasks)
        while desk.configuration.state.is_good:
            await anyio.lowlevel.checkpoint()
        await desk.clock.advance(600)
        assert desk.configuration.state.problems == ("it is being put in force",)
        assert (desk.metric(SUCCESSFUL), "reload.done" in desk.events()) == (0, False)
        desk.store.go_on.set()
        while not desk.configuration.state.is_good:  # threads have a part in it, and the clock does not wait for them
            await anyio.lowlevel.checkpoint()
        await desk.clock.advance(10)
        assert desk.metric(SUCCESSFUL) == 1
        watches = [watch for lane in desk.engine.watchlist.lanes.values() for watch in lane.watches()]
        assert [(watch.source, watch.labels) for watch in watches] == [
            ("graph", {"team": "search"}),
            ("media", {"team": "search"}),
        ]


async def test_what_needs_a_restart_needs_it_until_then(desk: Desk) -> None:
    """However often it is read; not any more once the file says again what the process was started with."""
    changed = text("graph") + "log: {level: debug}\n"
    async with desk.running(text("graph")) as tasks:
        for new, keys in ((changed, ("log",)), (changed, ("log",)), (text("graph"), ())):
            await desk.reload(tasks, new)
            assert desk.configuration.state.needs_restart == keys
            assert desk.configuration.state.is_good
    assert desk.events().count("reload.needs_restart") == 2


async def test_new_labels_are_no_reason_to_poll(desk: Desk) -> None:
    """A reload that changes nothing about polling asks no source."""
    async with desk.running(text("graph", jobs=50)) as tasks:
        polls = desk.adapters.polled("graph").polls
        polls.clear()
        desk.file.write_text(text("graph", jobs=50, labels="{team: search}"))
        await desk.reloader._reload(tasks)
        await desk.clock.advance(0.5)
        assert polls == []
    done = next(entry for entry in desk.log.entries if entry["event"] == "reload.done")
    assert (done["watches_added"], done["watches_amended"], done["watches_removed"]) == (0, 50, 0)


async def test_a_watch_that_is_new_with_a_new_address_is_asked_for_there(desk: Desk) -> None:
    """Not at the old one, which may know another job by that name."""
    async with desk.running(text("graph")) as tasks:
        old = desk.adapters.polled("graph")
        await desk.reload(tasks, text("graph", jobs=2).replace("http://graph", "http://elsewhere"))
        new = desk.adapters.polled("graph")
        assert old is not new
        assert {ref.job for ref in old.polls} == {"1"}
        assert {ref.job for ref in new.polls} == {"1", "2"}
        assert old.closed
