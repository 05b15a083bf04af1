"""Which loop made progress when."""

from typing import Any


async def test_a_loop_that_is_silent_for_too_long_is_an_ailment(rig: Any):
    """The sentence names the loop and both times; the others are not blamed."""
    rig.vitals.register("lane a", 60.0)
    rig.vitals.register("lane b", 120.0)
    await rig.clock.advance(60.0)
    assert rig.vitals.ailments() == []

    await rig.clock.advance(1.0)

    assert rig.vitals.ailments() == ["lane a made no progress for 61 s, expected every 60 s"]


async def test_a_beat_starts_the_time_anew(rig: Any):
    """Progress is shown as a metric too."""
    rig.vitals.register("lane a", 60.0)
    await rig.clock.advance(50.0)
    rig.vitals.beat("lane a")
    await rig.clock.advance(50.0)

    assert rig.vitals.ailments() == []
    at = rig.metric("jobwatchd_last_progress_timestamp_seconds", loop="lane a")
    assert at == rig.clock.now().timestamp() - 50.0


async def test_nothing_is_expected_of_a_loop_that_has_ended(rig: Any):
    """It is no ailment, its metric disappears, and a late beat does not bring it back."""
    rig.vitals.register("lane a", 60.0)
    rig.vitals.forget("lane a")
    rig.vitals.forget("lane a")
    rig.vitals.beat("lane a")
    await rig.clock.advance(1000.0)

    assert rig.vitals.ailments() == []
    assert rig.metric("jobwatchd_last_progress_timestamp_seconds", loop="lane a") is None


def test_readiness_is_what_was_said_last(rig: Any):
    """Not ready at first, ready after start-up, not ready in shutdown."""
    ready = [rig.vitals.ready]
    for state in (True, False):
        rig.vitals.set_ready(state)
        ready.append(rig.vitals.ready)

    assert ready == [False, True, False]


async def test_an_outage_excuses_every_loop(rig: Any):
    """Waiting is not hanging, however long it takes; when it is over, each loop has its time from then on."""
    rig.vitals.register("commits", 60.0)
    await rig.clock.advance(50.0)
    rig.vitals.set_outage("store", "the disk is full")
    await rig.clock.advance(1000.0)
    assert rig.vitals.ailments() == []
    assert rig.vitals.outages() == ["the disk is full"]
    rig.vitals.set_outage("store", "it is locked")
    assert rig.vitals.outages() == ["it is locked"]

    rig.vitals.set_outage("store", None)

    assert rig.vitals.outages() == []
    await rig.clock.advance(60.0)
    assert rig.vitals.ailments() == []
    await rig.clock.advance(1.0)
    assert rig.vitals.ailments() == ["commits made no progress for 61 s, expected every 60 s"]


async def test_the_end_of_no_outage_excuses_nobody(rig: Any):
    """Only one that was said to have begun can be over."""
    rig.vitals.register("commits", 60.0)
    await rig.clock.advance(61.0)
    rig.vitals.set_outage("store", None)
    assert len(rig.vitals.ailments()) == 1


def test_a_start_that_was_made_stays_made(rig: Any):
    """Also while the daemon stops and is not ready any more."""
    started = [rig.vitals.started]
    for state in (True, False):
        rig.vitals.set_ready(state)
        started.append(rig.vitals.started)

    assert started == [False, True, True]
