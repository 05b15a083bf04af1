"""Which loop made progress when."""

from unit.engine.rig import Rig


async def test_a_loop_that_is_silent_for_too_long_is_an_ailment(rig: Rig) -> None:
    """The sentence names the loop and both times; the others are not blamed."""
    rig.heartbeats.register("lane a", 60.0)
    rig.heartbeats.register("lane b", 120.0)
    await rig.clock.advance(60.0)
    assert rig.heartbeats.problems() == []

    await rig.clock.advance(1.0)

    assert rig.heartbeats.problems() == ["lane a made no progress for 61 s, expected every 60 s"]


async def test_a_beat_starts_the_time_anew(rig: Rig) -> None:
    """Progress is shown as a metric too."""
    rig.heartbeats.register("lane a", 60.0)
    await rig.clock.advance(50.0)
    rig.heartbeats.progress("lane a")
    await rig.clock.advance(50.0)

    assert rig.heartbeats.problems() == []
    at = rig.metric("jobwatchd_last_progress_timestamp_seconds", loop="lane a")
    assert at == rig.clock.now().timestamp() - 50.0


async def test_nothing_is_expected_of_a_loop_that_has_ended(rig: Rig) -> None:
    """It is no problem, its metric disappears, and a late beat does not bring it back."""
    rig.heartbeats.register("lane a", 60.0)
    rig.heartbeats.forget("lane a")
    rig.heartbeats.forget("lane a")
    rig.heartbeats.progress("lane a")
    await rig.clock.advance(1000.0)

    assert rig.heartbeats.problems() == []
    assert rig.metric("jobwatchd_last_progress_timestamp_seconds", loop="lane a") is None


def test_readiness_is_what_was_said_last(rig: Rig) -> None:
    """Not ready at first, ready after start-up, not ready in shutdown."""
    ready = [rig.heartbeats.ready]
    for state in (True, False):
        rig.heartbeats.set_ready(state)
        ready.append(rig.heartbeats.ready)

    assert ready == [False, True, False]


async def test_an_outage_excuses_every_loop(rig: Rig) -> None:
    """Waiting is not hanging, however long it takes; when it is over, each loop has its time from then on."""
    rig.heartbeats.register("commits", 60.0)
    await rig.clock.advance(50.0)
    rig.heartbeats.set_outage("store", "the disk is full")
    await rig.clock.advance(1000.0)
    assert rig.heartbeats.problems() == []
    assert rig.heartbeats.outages() == ["the disk is full"]
    rig.heartbeats.set_outage("store", "it is locked")
    assert rig.heartbeats.outages() == ["it is locked"]

    rig.heartbeats.set_outage("store", None)

    assert rig.heartbeats.outages() == []
    await rig.clock.advance(60.0)
    assert rig.heartbeats.problems() == []
    await rig.clock.advance(1.0)
    assert rig.heartbeats.problems() == ["commits made no progress for 61 s, expected every 60 s"]


async def test_the_end_of_no_outage_excuses_nobody(rig: Rig) -> None:
    """Only one that was said to have begun can be over."""
    rig.heartbeats.register("commits", 60.0)
    await rig.clock.advance(61.0)
    rig.heartbeats.set_outage("store", None)
    assert len(rig.heartbeats.problems()) == 1


def test_a_start_that_was_made_stays_made(rig: Rig) -> None:
    """Also while the daemon stops and is not ready any more."""
    started = [rig.heartbeats.started]
    for state in (True, False):
        rig.heartbeats.set_ready(state)
        started.append(rig.heartbeats.started)

    assert started == [False, True, True]
